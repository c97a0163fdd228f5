import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HELLO, startScriptedMessagesApi } from '../../../../examples/scripted-messages-api.ts';
import { buildBundle } from '../helpers/bundle.ts';
import { claudeAgent, claudeEnvs } from '../helpers/claude-session.ts';
import { rejection } from '../helpers/harness.ts';
import { ParkedHarness, SECRET, TOKEN } from '../helpers/parked.ts';
import { framesUntil } from '../helpers/sse.ts';

let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'harness-parked-'));
  bundle = await buildBundle(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const park = () => ParkedHarness.start(bundle, folder);
const CLAIM = { token: TOKEN, env: { A_KEY: 'a-value-of-the-env' } };

describe('a parked harness', () => {
  it('says that it is parked, and does nothing else', async () => {
    await using harness = await park();
    const health: unknown = await (await fetch(`${harness.url}/v1/health`)).json();
    expect(health).toMatchObject({ ok: true, state: 'parked', loaders: ['gitagentprotocol'] });
    expect(await harness.refusal('/v1/sessions')).toEqual([401, 'UNAUTHORIZED']);
    expect(await harness.refusal('/v1/sessions', SECRET)).toEqual([401, 'UNAUTHORIZED']);
    expect(await harness.refusal(`/t/${SECRET}/v1/health`)).toEqual([401, 'UNAUTHORIZED']);
    expect(await harness.refusal('/')).toEqual([404, 'NOT_FOUND']);
  });

  it('has loaded and rehearsed everything without a complaint or a trace', async () => {
    await using harness = await park();
    expect(harness.process.stderr).toBe('');
    expect(await readdir(join(folder, `computeragent-sessions-${process.getuid?.()}`))).toEqual([]);
    expect(await listeningPorts(harness.process.child.pid)).toEqual([harness.port]);
  });

  it('is claimed on the socket it listens on, and does a turn with the key of the claim', async () => {
    await using api = await scriptedApi();
    await using harness = await park();
    const env = claudeEnvs(folder, api.url);
    const claimed = await harness.claim({ token: TOKEN, env, label: 'for a test' });
    expect([claimed.status, await claimed.json()]).toEqual([200, { ok: true, state: 'ready' }]);
    expect(await harness.state()).toBe('ready');
    expect(await harness.refusal('/v1/sessions/x')).toEqual([401, 'UNAUTHORIZED']);
    expect(await harness.refusal('/v1/sessions/x', SECRET)).toEqual([401, 'UNAUTHORIZED']);
    expect(await harness.refusal('/v1/sessions/x', TOKEN)).toEqual([404, 'NOT_FOUND']);

    const sessions = `${harness.url}/t/${TOKEN}/v1/sessions`;
    const body = claudeAgent({ envs: {}, options: { permissionMode: 'bypassPermissions' } });
    const { sessionId } = await postJson(sessions, body);
    await postJson(`${sessions}/${sessionId}/messages`, { message: { role: 'user', content: 'Write it' } });
    await framesUntil(await fetch(`${sessions}/${sessionId}/events`), ({ event }) =>
      JSON.stringify(event).includes('"type":"result"'),
    );
    const file = await fetch(`${sessions}/${sessionId}/fs/file?path=${HELLO.name}`);
    expect(await file.text()).toBe(HELLO.text);
    expect(harness.process.stderr).toContain('for a test');
    await expectNoSecret(harness, [SECRET, ...Object.values(env).filter((value) => value.length > 5)]);
  });

  it('is claimed once', async () => {
    await using harness = await park();
    expect((await harness.claim(CLAIM)).status).toBe(200);
    const second = { token: 'the-token-of-another', env: {} };
    expect(await rejection(harness.claim(second))).toEqual([410, 'ALREADY_CLAIMED']);
    expect(await harness.refusal('/v1/sessions/x', second.token)).toEqual([401, 'UNAUTHORIZED']);
    expect(await harness.refusal('/v1/sessions/x', TOKEN)).toEqual([404, 'NOT_FOUND']);
  });

  it('has as many sessions as it was told when it was parked', async () => {
    await using harness = await ParkedHarness.start(bundle, folder, undefined, { maxSessions: 1 });
    expect((await harness.claim(CLAIM)).status).toBe(200);
    const sessions = `${harness.url}/t/${TOKEN}/v1/sessions`;
    await postJson(sessions, claudeAgent({ envs: {} }));
    await expect(postJson(sessions, claudeAgent({ envs: {} }))).rejects.toThrow('TOO_MANY_SESSIONS');
  });

  it('is claimed by one of many that come at once', async () => {
    await using harness = await park();
    const tokens = Array.from({ length: 8 }, (_, index) => `the-token-of-claim-${index}`);
    const claims = tokens.map(async (token) => (await harness.claim({ token, env: {} })).status);
    const statuses = await Promise.all(claims);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 410)).toHaveLength(7);
    const winner = tokens[statuses.indexOf(200)];
    expect(await harness.refusal('/v1/sessions/x', winner)).toEqual([404, 'NOT_FOUND']);
  });

  it('stays parked after a claim that is none', async () => {
    await using harness = await park();
    expect(await rejection(harness.claim('{'))).toEqual([400, 'VALIDATION']);
    expect(await rejection(harness.claim({ ...CLAIM, token: 'short' }))).toEqual([400, 'VALIDATION']);
    expect(await rejection(harness.claim({ ...CLAIM, identity: {} }))).toEqual([400, 'VALIDATION']);
    expect(await harness.state()).toBe('parked');
    expect((await harness.claim(CLAIM)).status).toBe(200);
  });

  it('ends itself with 97 after five claims without the secret', async () => {
    await using harness = await park();
    for (const wrong of ['wrong', null, `${SECRET}x`, SECRET.slice(1), 'wrong']) {
      expect(await harness.state()).toBe('parked');
      expect(await rejection(harness.claim(CLAIM, wrong))).toEqual([401, 'UNAUTHORIZED']);
    }
    expect(await harness.process.exited).toBe(97);
    await expectNoSecret(harness, [SECRET]);
  });

  it('is not ended by guesses once it is claimed', async () => {
    await using harness = await park();
    await harness.claim(CLAIM);
    for (let count = 0; count < 7; count += 1) {
      expect(await rejection(harness.claim(CLAIM, 'wrong'))).toEqual([401, 'UNAUTHORIZED']);
    }
    expect(await rejection(harness.claim(CLAIM))).toEqual([410, 'ALREADY_CLAIMED']);
    expect(await harness.refusal('/v1/sessions/x', TOKEN)).toEqual([404, 'NOT_FOUND']);
  });

  it('ends with 0 when it is asked to', async () => {
    await using harness = await park();
    harness.process.child.kill('SIGTERM');
    expect(await harness.process.exited).toBe(0);
  });
});

/** Every TCP port that a process listens on. */
async function listeningPorts(pid: number | undefined): Promise<number[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => ''));
  const inodes = (await Promise.all(links)).map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]);
  const rows = (await readFile(`/proc/${pid}/net/tcp`, 'utf8'))
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  const listening = rows.filter((row) => row[3] === '0A' && inodes.includes(row[9]));
  return listening.map((row) => Number.parseInt(row[1]?.split(':')[1] ?? '', 16));
}

/** Neither in what it wrote nor in what anyone on the machine sees of it. */
async function expectNoSecret({ process }: ParkedHarness, secrets: readonly string[]): Promise<void> {
  const files = ['cmdline', 'environ'].map((file) =>
    readFile(`/proc/${process.child.pid}/${file}`, 'latin1').catch(() => ''),
  );
  for (const text of [...(await Promise.all(files)), process.stdout, process.stderr]) {
    for (const secret of [TOKEN, ...secrets]) expect(text.replaceAll(folder, '')).not.toContain(secret);
  }
}

async function postJson(url: string, body: unknown): Promise<{ sessionId: string }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { sessionId: string };
}

async function scriptedApi() {
  const api = await startScriptedMessagesApi();
  return { ...api, [Symbol.asyncDispose]: () => api.close() };
}
