import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HELLO, startScriptedMessagesApi } from '../../../examples/scripted-messages-api.ts';
import { buildBundle, RunningBundle } from './helpers/bundle.ts';
import { claudeAgent } from './helpers/claude-session.ts';
import { framesUntil } from './helpers/sse.ts';

const TOKEN = 'a-token-of-this-test';
const API_KEY = 'sk-ant-given-at-boot';
let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'harness-bundle-'));
  await mkdir(join(folder, 'tmp'));
  bundle = await buildBundle(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  new RunningBundle(bundle, args, { HOME: folder, TMPDIR: join(folder, 'tmp'), ...env });

describe('the bundle', () => {
  it('is one file of less than half a megabyte that asks nothing of Node 20 that it has not', async () => {
    const text = await readFile(bundle, 'utf8');
    // A tenth of it reads the JSON schemas of an agent's own tools.
    expect(text.length).toBeLessThan(448 * 1024);
    // The target decides over syntax alone: functions that came later have to be looked for.
    expect(text).not.toMatch(/withResolvers|fromAsync|Promise\.try|\.getOrInsert|RegExp\.escape/);
    expect(text).toMatch(/import\("@anthropic-ai\/claude-agent-sdk"\)/);
  });

  it('warms up: runs what a first session will, keeps what was compiled of it, and ends', async () => {
    const cache = join(folder, 'compiled');
    await using harness = run(['--warm-up'], { NODE_COMPILE_CACHE: cache });
    expect(await harness.exited).toBe(0);
    expect(harness.stderr).toBe('');
    const [version = ''] = await readdir(cache);
    // The bundle, and at least the engine's SDK.
    expect((await readdir(join(cache, version))).length).toBeGreaterThan(1);
  });

  it('takes its configuration over standard input and does a turn with the key it was given at boot', async () => {
    await using api = await scriptedApi();
    await using harness = run(['--config-stdin']);
    const env = {
      ANTHROPIC_API_KEY: API_KEY,
      ANTHROPIC_BASE_URL: api.url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    };
    harness.child.stdin.write(`${JSON.stringify({ token: TOKEN, host: '127.0.0.1', port: 0, env })}\n`);
    const { event, port } = await harness.listening();
    expect(event).toBe('listening');
    const base = `http://127.0.0.1:${port}/t/${TOKEN}/v1`;
    expect((await fetch(`http://127.0.0.1:${port}/v1/sessions/x`)).status).toBe(401);

    const body = claudeAgent({ envs: {}, options: { permissionMode: 'bypassPermissions' } });
    const { sessionId } = await postJson(`${base}/sessions`, body);
    await postJson(`${base}/sessions/${sessionId}/messages`, {
      message: { role: 'user', content: 'Write it' },
    });
    const isResult = JSON.stringify({ type: 'result' }).slice(1, -1);
    await framesUntil(await fetch(`${base}/sessions/${sessionId}/events`), (frame) =>
      JSON.stringify(frame.event).includes(isResult),
    );
    const file = await fetch(`${base}/sessions/${sessionId}/fs/file?path=${HELLO.name}`);
    expect(await file.text()).toBe(HELLO.text);

    const seen = await processTexts(harness.child.pid);
    harness.child.kill('SIGTERM');
    expect(await harness.exited).toBe(0);
    for (const text of [...seen, harness.stdout, harness.stderr]) {
      expect(text).not.toContain(TOKEN);
      expect(text).not.toContain(API_KEY);
    }
    await expect(connected(port)).resolves.toBe(false);
    expect(await readdir(join(folder, 'tmp', `computeragent-sessions-${process.getuid?.()}`))).toEqual([]);
  });

  it('ends at once on SIGTERM, also with an engine in the middle of a turn and a reader', async () => {
    await using api = await scriptedApi();
    await using harness = run([], { PORT: '0' });
    const { port } = await harness.listening();
    const base = `http://127.0.0.1:${port}/v1/sessions`;
    const envs = { ANTHROPIC_API_KEY: API_KEY, ANTHROPIC_BASE_URL: api.url, HOME: folder };
    const { sessionId } = await postJson(base, claudeAgent({ envs }));
    await postJson(`${base}/${sessionId}/messages`, { message: { role: 'user', content: 'Write it' } });
    const events = await fetch(`${base}/${sessionId}/events`);
    await framesUntil(events, ({ event }) => event.kind === 'ca_permission_request');
    harness.child.kill('SIGTERM');
    expect(await harness.exited).toBe(0);
    expect(await readdir(join(folder, 'tmp', `computeragent-sessions-${process.getuid?.()}`))).toEqual([]);
  });

  it('ends with 98 and one line when its port is taken', async () => {
    await using other = await taken();
    await using harness = run(['--config-stdin']);
    harness.child.stdin.write(`${JSON.stringify({ host: '127.0.0.1', port: other.port })}\n`);
    expect(await harness.exited).toBe(98);
    expect(harness.stderr.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(harness.stderr)).toMatchObject({ event: 'failed', code: 'PORT_TAKEN' });
    expect(harness.stdout).toBe('');
  });

  it('ends with 1 and one line when its configuration is none', async () => {
    await using harness = run(['--config-stdin']);
    harness.child.stdin.end(`{"token":"${TOKEN}`);
    expect(await harness.exited).toBe(1);
    expect(JSON.parse(harness.stderr)).toMatchObject({ event: 'failed', code: 'INTERNAL' });
    expect(harness.stderr).not.toContain(TOKEN);
  });
});

async function postJson(url: string, body: unknown): Promise<{ sessionId: string }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { sessionId: string };
}

/** What anyone on the machine sees of a process. */
function processTexts(pid: number | undefined): Promise<string[]> {
  return Promise.all(['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1')));
}

async function connected(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function taken() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void (await once(server.close(), 'close')) };
}

async function scriptedApi() {
  const api = await startScriptedMessagesApi();
  return { ...api, [Symbol.asyncDispose]: () => api.close() };
}
