import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HarnessEvent } from '@computeragent/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  HELLO,
  type ScriptedMessagesApi,
  startScriptedMessagesApi,
} from '../../../../../examples/scripted-messages-api.ts';
import { claudeEngine } from '../../../src/engine/claude/claude-engine.ts';
import { claudeAgent, claudeEnvs } from '../../helpers/claude-session.ts';
import { TestHarness } from '../../helpers/harness.ts';
import { type Frame, framesOf, framesUntil, kindsOf } from '../../helpers/sse.ts';

let api: ScriptedMessagesApi;
let home: string;
beforeAll(async () => {
  api = await startScriptedMessagesApi();
  home = await mkdtemp(join(tmpdir(), 'harness-home-'));
});
afterAll(async () => {
  await api.close();
  await rm(home, { recursive: true });
});
afterEach(() => void vi.unstubAllEnvs());

const start = () => TestHarness.start({ engines: [claudeEngine()] });
const envs = () => claudeEnvs(home, api.url);
const isResult = ({ event }: Frame) =>
  event.kind === 'sdk_message' && (event.payload as { type: string }).type === 'result';

const isRequest = ({ event }: Frame) => event.kind === 'ca_permission_request';

/** Processes that run in a folder. */
async function processesIn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, index) => folders[index]?.startsWith(folder));
}

describe('the real Claude Agent SDK', () => {
  it('writes a file in the session’s folder and streams what it says, usage before the result', async () => {
    await using harness = await start();
    const id = await harness.create(
      claudeAgent({ envs: envs(), options: { permissionMode: 'bypassPermissions' } }),
    );
    await harness.send(id, 'Write hello.md');
    const frames = await framesUntil(await harness.events(id), isResult);
    const kinds = kindsOf(frames);
    expect(kinds.slice(0, 2)).toEqual(['ca_session_started', 'ca_turn_started']);
    expect(kinds.at(-2)).toBe('ca_usage_snapshot');
    expect(kinds).not.toContain('ca_permission_request');
    expect(frames.at(-1)?.event).toMatchObject({
      payload: { subtype: 'success', result: `Done: ${HELLO.name} is written.` },
    });
    expect(frames.some(({ event }) => JSON.stringify(event).includes('"text_delta"'))).toBe(true);
    const file = await harness.request(`/v1/sessions/${id}/fs/file?path=${HELLO.name}`);
    expect(await file.text()).toBe(HELLO.text);
    expect(api.requests).toContain('POST /v1/messages');
    await harness.request(`/v1/sessions/${id}/end-input`, { method: 'POST' });
    expect((await harness.allFrames(id)).at(-1)?.event).toMatchObject({ reason: 'complete' });
    expect(await processesIn(await harness.workdir())).toEqual([]);
  });

  it('asks before it writes, and does not write what is denied', async () => {
    await using harness = await start();
    const id = await harness.create(claudeAgent({ envs: envs() }));
    await harness.send(id, 'Write hello.md');
    const asked = await framesUntil(await harness.events(id), isRequest);
    const request = asked.at(-1)?.event as Extract<HarnessEvent, { kind: 'ca_permission_request' }>;
    expect(request).toMatchObject({ toolName: 'Write', risk: 'medium', input: { content: HELLO.text } });
    await harness.post(`/v1/sessions/${id}/permission/${request.callId}`, { decision: 'deny', reason: 'no' });
    const cursor = { 'last-event-id': String(asked.at(-1)?.id) };
    const frames = await framesUntil(await harness.events(id, cursor), isResult);
    expect(frames[0]?.event).toMatchObject({
      kind: 'ca_permission_decision',
      decision: 'deny',
      reason: 'no',
    });
    expect(await readdir(await harness.workdir())).toEqual(['agent.yaml']);
  });

  it('asks for a supervised agent although its caller and the settings say it need not, and writes what is modified', async () => {
    await using harness = await start();
    const settings = { permissions: { allow: ['Write', 'Edit'] } };
    const supervised = await mkdtemp(join(home, 'supervised-'));
    await mkdir(join(supervised, '.claude'));
    await writeFile(join(supervised, '.claude/settings.json'), JSON.stringify(settings));
    const supervision = 'compliance: { supervision: { human_in_the_loop: always } }';
    const files = { 'agent.yaml': `name: writer\nversion: 1.0.0\n${supervision}\n` };
    const options = { permissionMode: 'bypassPermissions', allowedTools: ['Write'], settings };
    const envs = claudeEnvs(supervised, api.url);
    const id = await harness.create(claudeAgent({ envs, options, files }));
    const workdir = await harness.workdir();
    await harness.send(id, 'Write hello.md');
    for await (const frame of framesOf(await harness.events(id))) {
      if (frame.event.kind === 'ca_permission_request') {
        const input = { file_path: join(workdir, HELLO.name), content: 'modified' };
        await harness.post(`/v1/sessions/${id}/permission/${frame.event.callId}`, {
          decision: 'modify',
          input,
        });
      }
      if (isResult(frame)) break;
    }
    expect(await readFile(join(workdir, HELLO.name), 'utf8')).toBe('modified');
  });

  it('takes its temporary files with it, in whatever turn it ends', async () => {
    await using harness = await start();
    const temporary = await mkdtemp(join(tmpdir(), 'engine-'));
    onTestFinished(() => rm(temporary, { recursive: true }));
    vi.stubEnv('TMPDIR', temporary);
    const id = await harness.create(claudeAgent({ envs: envs() }));
    await harness.send(id, 'Write hello.md');
    await framesUntil(await harness.events(id), isRequest);
    expect(await readdir(temporary)).toEqual([expect.stringMatching(/^computeragent-/)]);
    const written = () => readdir(temporary, { recursive: true });
    await expect.poll(written).toContainEqual(expect.stringMatching(/^computeragent-\w+\/claude-/));
    await harness.request(`/v1/sessions/${id}`, { method: 'DELETE' });
    expect(await readdir(temporary)).toEqual([]);
  });

  it('is gone after a cancel while the model says nothing', async () => {
    await using silent = await silentApi();
    await using harness = await start();
    const id = await harness.create(claudeAgent({ envs: claudeEnvs(home, silent.url) }));
    const workdir = await harness.workdir();
    const events = await harness.events(id);
    await harness.send(id, 'Write hello.md');
    await silent.asked;
    await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' });
    const frames = await framesUntil(events, ({ event }) => event.kind === 'ca_session_ended');
    expect(frames.at(-1)?.event).toMatchObject({ reason: 'cancelled' });
    expect(await processesIn(workdir)).toEqual([]);
  });

  it('is gone after a cancel in the middle of a turn', async () => {
    await using harness = await start();
    const id = await harness.create(claudeAgent({ envs: envs() }));
    await harness.send(id, 'Write hello.md');
    await framesUntil(await harness.events(id), isRequest);
    const workdir = await harness.workdir();
    expect(await processesIn(workdir)).not.toEqual([]);
    await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' });
    expect((await harness.allFrames(id)).at(-1)?.event).toMatchObject({ reason: 'cancelled' });
    await expect.poll(() => processesIn(workdir)).toEqual([]);
  });
});

/** Takes requests and never answers. */
async function silentApi() {
  const server = createServer();
  const asked = once(server, 'request');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    // Closes only when the engine's program has let go of it.
    [Symbol.asyncDispose]: async () => void (await once(server.close(), 'close')),
  };
}
