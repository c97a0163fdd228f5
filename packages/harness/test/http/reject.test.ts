import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '@computeragent/protocol';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { describe, expect, it } from 'vitest';
import { rejectWith } from '../../src/http/reject.ts';

/** What a client hears of a route that throws, and what the log does. */
async function heard(thrown: Error) {
  const logged: unknown[] = [];
  const app = new Hono().get('/', () => {
    throw thrown;
  });
  app.onError(rejectWith((event, details) => void logged.push([event, details])));
  const response = await app.request('/');
  return { status: response.status, body: await response.json(), logged };
}

const ofSystem = (code: string) =>
  Object.assign(new Error(`${code}: not so, open '/home/me/secret'`), { code, path: '/home/me/secret' });

describe('what a route throws', () => {
  it.each([
    ['ENOENT', 404, 'NOT_FOUND'],
    ['ENOTDIR', 404, 'NOT_FOUND'],
    ['EISDIR', 400, 'VALIDATION'],
    ['ENXIO', 400, 'VALIDATION'],
    ['ENAMETOOLONG', 400, 'VALIDATION'],
    ['EEXIST', 409, 'CONFLICT'],
    ['ENOTEMPTY', 409, 'CONFLICT'],
    ['EBUSY', 409, 'CONFLICT'],
    ['ELOOP', 400, 'PATH_ESCAPE'],
    ['ENOSPC', 507, 'HTTP_EXCEPTION'],
    ['EDQUOT', 507, 'HTTP_EXCEPTION'],
    ['EPERM', 403, 'FORBIDDEN'],
    ['EROFS', 403, 'FORBIDDEN'],
    ['EACCES', 403, 'FORBIDDEN'],
    ['EIO', 500, 'INTERNAL'],
  ])('as %s of the file system is %i %s, without a path of the machine', async (errno, status, code) => {
    const told = await heard(ofSystem(errno));
    expect(told).toMatchObject({ status, body: { error: { code } } });
    expect(JSON.stringify(told.body)).not.toContain('/home/me');
    expect(told.logged).toHaveLength(status >= 500 ? 1 : 0);
  });

  it('as an exception of the framework keeps its status and its words', async () => {
    expect(await heard(new HTTPException(418, { message: 'no coffee here' }))).toMatchObject({
      status: 418,
      body: { error: { code: 'HTTP_EXCEPTION', message: 'no coffee here' } },
    });
  });
});

describe('every code of the wire', () => {
  const folder = join(import.meta.dirname, '..');
  const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));

  it.each(ERROR_CODES)('%s: is expected by a test of what the harness answers', (code) => {
    expect(tests.some((source) => source.includes(`'${code}'`))).toBe(true);
  });
});
