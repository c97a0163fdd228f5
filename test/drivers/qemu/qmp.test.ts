import { join } from 'node:path';
import { expect, test } from 'vitest';
import { QmpSession } from '../../../src/drivers/qemu/qmp-session.ts';
import { qmp } from '../../../src/drivers/qemu/qmp.ts';
import { tempDir } from '../../helpers/temp.ts';
import { answers, scriptedServer } from './scripted-qmp.ts';

test('negotiates, passes over events and returns the answer', async () => {
  await using temp = await tempDir();
  const path = join(temp.path, 'qmp');
  const seen: string[] = [];
  await using _ = await scriptedServer(path, (socket) =>
    answers(socket, ({ execute }) => {
      seen.push(execute);
      return [{ event: 'RESUME', timestamp: {} }, { return: { status: 'running' } }];
    }),
  );
  expect(await qmp(path, { execute: 'query-status' }, { timeoutMs: 30_000 })).toEqual({ status: 'running' });
  expect(seen).toEqual(['qmp_capabilities', 'query-status']);
});

test('reads an answer that comes in pieces', async () => {
  await using temp = await tempDir();
  const path = join(temp.path, 'qmp');
  await using _ = await scriptedServer(path, (socket) => {
    socket.write('{"QMP"');
    setImmediate(() => socket.write(': {}}\r\n{"return": {}}\r\n{"ret'));
    socket.once('data', () => socket.write('urn": 7}\r\n'));
  });
  expect(await qmp(path, { execute: 'x' }, { timeoutMs: 30_000 })).toBe(7);
});

test("passes QEMU's own words on when a command is refused", async () => {
  await using temp = await tempDir();
  const path = join(temp.path, 'qmp');
  await using _ = await scriptedServer(path, (socket) =>
    answers(socket, ({ execute }) =>
      execute === 'qmp_capabilities'
        ? [{ return: {} }]
        : [{ error: { class: 'GenericError', desc: 'no such thing' } }],
    ),
  );
  await expect(qmp(path, { execute: 'x' }, { timeoutMs: 30_000 })).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: 'QEMU did not do x: no such thing',
  });
});

test('ends at its deadline when QEMU says nothing', async () => {
  await using temp = await tempDir();
  const path = join(temp.path, 'qmp');
  await using _ = await scriptedServer(path, () => undefined);
  await expect(qmp(path, { execute: 'x' }, { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringContaining('no reply in 50 ms') as string,
  });
});

test('rejects when the connection is closed in the middle, or nothing listens', async () => {
  await using temp = await tempDir();
  const path = join(temp.path, 'qmp');
  await using _ = await scriptedServer(path, (socket) => socket.end('{"QMP": {}}\r\n'));
  await expect(qmp(path, { execute: 'x' }, { timeoutMs: 30_000 })).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
  });
  const nothing = join(temp.path, 'nothing');
  await expect(qmp(nothing, { execute: 'x' }, { timeoutMs: 30_000 })).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
  });
});

test('is cancelled as ABORTED, also when it was before it began', async () => {
  await using temp = await tempDir();
  const path = join(temp.path, 'qmp');
  const abort = new AbortController();
  await using _ = await scriptedServer(path, () => abort.abort());
  const options = { timeoutMs: 30_000, signal: abort.signal };
  await expect(qmp(path, { execute: 'x' }, options)).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(qmp(path, { execute: 'x' }, options)).rejects.toMatchObject({ code: 'ABORTED' });
});

test('tells events in their order, also those that came before anybody asked, and each once', async () => {
  await using temp = await tempDir();
  const path = join(temp.path, 'qmp');
  await using _ = await scriptedServer(path, (socket) =>
    answers(socket, ({ execute }) => [
      { event: 'A', data: { of: execute }, timestamp: { seconds: 2, microseconds: 500 } },
      { return: execute },
      { event: 'B', data: { of: execute } },
    ]),
  );
  const session = await QmpSession.open(path, { timeoutMs: 30_000 });
  expect(await Promise.all([session.execute('x'), session.execute('y')])).toEqual(['x', 'y']);
  const first = await session.event(({ data }) => data['of'] === 'x');
  expect(first).toEqual({ name: 'A', data: { of: 'x' }, atMs: 2000.5 });
  expect(await session.event(({ name }) => name === 'A')).toMatchObject({ data: { of: 'y' } });
  const never = session.event(({ name }) => name === 'A');
  session.close();
  await expect(never).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  await expect(session.execute('z')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
});

test('waits for an event no longer than until it is cancelled', async () => {
  await using temp = await tempDir();
  const path = join(temp.path, 'qmp');
  await using _ = await scriptedServer(path, (socket) => answers(socket, () => [{ return: {} }]));
  const abort = new AbortController();
  const session = await QmpSession.open(path, { timeoutMs: 30_000, signal: abort.signal });
  const event = session.event(() => true);
  abort.abort();
  await expect(event).rejects.toMatchObject({ code: 'ABORTED' });
});
