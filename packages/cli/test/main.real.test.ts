import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startScriptedMessagesApi } from '../../../examples/scripted-messages-api.ts';
import { markedProcesses } from '../../runtime-local/test/helpers/marked.ts';
import { AGENT } from './helpers.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-main-'));
  await mkdir(join(folder, 'tmp'));
});
afterEach(() => rm(folder, { recursive: true }));

/** One turn of the command, on a harness of its own. */
function turn(apiUrl: string) {
  const words = ['run', AGENT, '-m', 'Write hello.md', '--runtime', 'local', '--approve', 'allow'];
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    TMPDIR: join(folder, 'tmp'),
    ANTHROPIC_API_KEY: 'scripted',
  };
  const child = spawn(process.execPath, ['--conditions=source', MAIN, ...words, '--base-url', apiUrl], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  return { child, said, exited: once(child, 'exit') };
}

async function nothingIsLeft(): Promise<void> {
  expect([...markedProcesses(folder).keys()]).toEqual([]);
  expect(await readdir(join(folder, 'tmp', `computeragent-sessions-${process.getuid?.()}`))).toEqual([]);
}

it('takes a turn with the real engine as a child process, and leaves nothing', async () => {
  const api = await startScriptedMessagesApi();
  try {
    const { said, exited } = turn(api.url);
    const [out, log] = await said;
    expect(out).toBe('I will write hello.md.\nDone: hello.md is written.\n');
    expect(log).toContain('tool: Write');
    expect((await exited)[0]).toBe(0);
    await nothingIsLeft();
  } finally {
    await api.close();
  }
});

it('leaves nothing when it is interrupted in the middle of a turn', async () => {
  // Takes requests, and lets them wait.
  const api = createServer().listen(0, '127.0.0.1');
  try {
    await once(api, 'listening');
    const asked = once(api, 'request');
    const { child, said, exited } = turn(`http://127.0.0.1:${(api.address() as AddressInfo).port}`);
    await asked;
    expect(markedProcesses(folder).size).toBeGreaterThan(0);
    child.kill('SIGINT');
    expect((await exited)[0]).toBe(130);
    expect((await said)[1]).toContain('computeragent: cancelled');
    await nothingIsLeft();
  } finally {
    api.closeAllConnections();
    await once(api.close(), 'close');
  }
});
