import { type Context, Hono } from 'hono';
import { HarnessError } from '../errors.ts';
import { deletePath, fileSize, readFileBody, writeFileBody } from '../fs/files.ts';
import { depthOf, listTree } from '../fs/tree.ts';
import type { SessionRegistry } from '../session/registry.ts';

/** Files of a session's working directory, mounted at `/sessions/:id/fs`. */
export function fsRoutes(sessions: SessionRegistry): Hono {
  const routes = new Hono();
  const workdirOf = (context: Context): string => sessions.get(context.req.param('id') ?? '').init.workdir;

  routes.get('/tree', async (context) => {
    const path = context.req.query('path') || '.';
    const entries = await listTree(workdirOf(context), path, depthOf(context.req.query('depth')));
    return context.json({ entries });
  });

  routes.get('/file', async (context) => {
    const [workdir, path] = [workdirOf(context), pathOf(context)];
    if (context.req.raw.method === 'HEAD')
      return context.body(null, 200, fileHeaders(await fileSize(workdir, path)));
    const { size, stream } = await readFileBody(workdir, path);
    return context.body(stream, 200, fileHeaders(size));
  });

  routes.put('/file', async (context) => {
    const { body, signal } = context.req.raw;
    const size = await writeFileBody(workdirOf(context), pathOf(context), body, signal);
    return context.json({ ok: true, size });
  });

  routes.delete('/file', async (context) => {
    await deletePath(workdirOf(context), pathOf(context), context.req.query('recursive') === 'true');
    return context.json({ ok: true });
  });

  return routes;
}

function fileHeaders(size: number): Record<string, string> {
  return { 'content-type': 'application/octet-stream', 'content-length': String(size) };
}

function pathOf(context: Context): string {
  const path = context.req.query('path');
  if (!path) throw new HarnessError('MISSING_PATH', 400, 'the query has no path');
  return path;
}
