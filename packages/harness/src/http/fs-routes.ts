import { fsEditBody, fsMkdirBody, fsMoveBody } from '@computeragent/protocol';
import { type Context, Hono } from 'hono';
import { HarnessError } from '../errors.ts';
import { deletePath, makeFolder, movePath } from '../fs/change.ts';
import { editFile } from '../fs/edit.ts';
import { openFile } from '../fs/read.ts';
import { depthOf, listTree } from '../fs/tree.ts';
import { writeStream } from '../fs/write.ts';
import type { SessionRegistry } from '../session/registry.ts';
import { fileResponse } from './file-response.ts';
import { jsonBody } from './json-body.ts';

/** Files of a session's working directory, mounted at `/sessions/:id/fs`. */
export function fsRoutes(sessions: SessionRegistry): Hono {
  const routes = new Hono();
  const workdirOf = (context: Context): string => sessions.get(context.req.param('id') ?? '').init.workdir;

  routes.get('/tree', async (context) => {
    const path = context.req.query('path') || '.';
    return context.json(await listTree(workdirOf(context), path, depthOf(context.req.query('depth'))));
  });

  routes.get('/file', async (context) => {
    const file = await openFile(workdirOf(context), pathOf(context));
    return fileResponse(file, context.req.raw);
  });

  routes.put('/file', async (context) => {
    const { body, signal } = context.req.raw;
    const size = await writeStream(workdirOf(context), pathOf(context), body, signal);
    return context.json({ ok: true, size });
  });

  routes.delete('/file', async (context) => {
    await deletePath(workdirOf(context), pathOf(context), context.req.query('recursive') === 'true');
    return context.json({ ok: true });
  });

  routes.post('/edit', async (context) => {
    const workdir = workdirOf(context);
    const replacements = await editFile(workdir, await jsonBody(context, fsEditBody));
    return context.json({ ok: true, replacements });
  });

  routes.post('/mkdir', async (context) => {
    const workdir = workdirOf(context);
    const { path, recursive } = await jsonBody(context, fsMkdirBody);
    await makeFolder(workdir, path, recursive);
    return context.json({ ok: true });
  });

  routes.post('/move', async (context) => {
    const workdir = workdirOf(context);
    const { from, to } = await jsonBody(context, fsMoveBody);
    await movePath(workdir, from, to);
    return context.json({ ok: true });
  });

  return routes;
}

function pathOf(context: Context): string {
  const path = context.req.query('path');
  if (!path) throw new HarnessError('MISSING_PATH', 400, 'the query has no path');
  return path;
}
