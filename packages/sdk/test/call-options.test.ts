import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { CallOptions, ComputerAgent } from '../src/index.ts';
import { agentOn, substrateTo, untilAborted } from './helpers/agent.ts';
import { answerAt, ScriptedHarness } from './helpers/scripted-harness.ts';
import { simulatedTime } from './helpers/simulated-time.ts';

const NOWHERE = 'http://127.0.0.1:1';

type Call = (agent: ComputerAgent, options: CallOptions) => Promise<unknown>;

const CALLS: readonly [string, string, Call][] = [
  ['writeArtifact', '/fs/file', (agent, options) => agent.writeArtifact('a', 'x', options)],
  ['fetchArtifact', '/fs/file', (agent, options) => agent.fetchArtifact('a', options)],
  ['fetchArtifactText', '/fs/file', (agent, options) => agent.fetchArtifactText('a', options)],
  ['listWorkdir', '/fs/tree', (agent, options) => agent.listWorkdir({ depth: 1, ...options })],
  ['newSession', 's1', (agent, options) => agent.newSession(options)],
];

describe('a call', () => {
  it.each(CALLS)('%s ends at its own deadline and with its own signal', async (_, path, call) => {
    await using harness = await ScriptedHarness.start();
    const held: ServerResponse[] = [];
    await using agent = agentOn(harness.url);
    await agent.ensureSession();
    harness.reply = answerAt(path, (response) => void held.push(response));
    await expect(call(agent, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const stop = new AbortController();
    const stopped = call(agent, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    harness.reply = () => false;
    for (const response of held) response.destroy();
  });

  it.each<[string, Call]>([
    ['ensureSession', (agent, options) => agent.ensureSession(options)],
    ['harnessUrl', (agent, options) => agent.harnessUrl(options)],
  ])('%s that is left leaves the boot to the others', async (_, call) => {
    await using harness = await ScriptedHarness.start();
    const booted = Promise.withResolvers<void>();
    const runtime = substrateTo(harness.url, () => booted.promise);
    await using agent = agentOn(NOWHERE, { runtime });
    const stop = new AbortController();
    const stopped = call(agent, { signal: stop.signal });
    await expect(call(agent, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    booted.resolve();
    expect(await agent.ensureSession()).toBe('s1');
    expect(runtime.boots).toHaveLength(1);
  });

  it('of a handle takes them, too', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => undefined;
    await using agent = agentOn(harness.url);
    const chat = agent.chat('hi');
    await harness.until('GET /events');
    harness.reply = (_, { url }) => /\/(?:cancel|permission\/c)$/.test(url);
    await expect(chat.cancel({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const answer = chat.respondToPermission('c', { decision: 'allow' }, { signal: AbortSignal.abort() });
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    harness.reply = () => false;
    await chat.cancel();
    expect((await chat).ended.reason).toBe('cancelled');
  });
});

describe('a chat', () => {
  it('ends at its deadline, and the session with it', async () => {
    using time = simulatedTime();
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => undefined;
    await using agent = agentOn(harness.url);
    await agent.ensureSession();
    const failed = agent.chat('hi', { timeoutMs: 100 }).then(undefined, (reason: unknown) => reason);
    await harness.until('POST /messages');
    await time.pass(100);
    expect(await failed).toMatchObject({ code: 'TIMEOUT' });
    await harness.until('POST /cancel');
  });

  it('that is in time is not ended afterwards', async () => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url);
    await agent.chat('hi', { timeoutMs: 2 ** 31 - 1 });
    expect((await agent.chat('ho')).ended.reason).toBe('complete');
  });
});

describe('a substrate that hangs', () => {
  it('is told to end its boot at the deadline, and waited for', async () => {
    let ended = false;
    const runtime = substrateTo(NOWHERE, async (signal) => {
      try {
        await untilAborted(signal);
      } finally {
        ended = true;
      }
    });
    await using agent = agentOn(NOWHERE, { runtime, timeouts: { bootMs: 20 } });
    await expect(agent.chat('hi')).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(ended).toBe(true);
  });

  it('is not waited for when it does not listen, and what it boots after all is shut down', async () => {
    await using harness = await ScriptedHarness.start();
    const booted = Promise.withResolvers<void>();
    const runtime = substrateTo(harness.url, () => booted.promise);
    await using agent = agentOn(NOWHERE, { runtime, timeouts: { bootMs: 20 } });
    await expect(agent.chat('hi')).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(runtime.shutdowns).toBe(0);
    booted.resolve();
    while (runtime.shutdowns === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(harness.seen).toEqual([]);
  });

  it('in its shutdown does not hold dispose for ever', async () => {
    const agent = agentOn(NOWHERE, {
      timeouts: { shutdownMs: 20 },
      runtime: {
        bootHarness: async () => ({ baseUrl: NOWHERE, shutdown: () => new Promise(() => undefined) }),
      },
    });
    await agent.harnessUrl();
    await expect(agent.dispose()).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('newSession', () => {
  it('begins another on the same harness after a cancel', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = (message, turn) => turn > 0 && harness.answer(message, turn);
    const runtime = substrateTo(harness.url);
    await using agent = agentOn(NOWHERE, { runtime });
    const chat = agent.chat('one');
    await harness.until('GET /events');
    await chat.cancel();
    await expect(agent.chat('two')).rejects.toThrow('newSession()');
    harness.restart();
    expect(await agent.newSession()).toBe('s1');
    expect((await agent.chat('three')).messages.at(-1)).toEqual({ type: 'result', result: 'done: three' });
    expect([runtime.boots.length, harness.sent('DELETE ').length]).toEqual([1, 1]);
  });

  it('ends a turn that runs, and makes the first session where there is none', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => undefined;
    await using agent = agentOn(harness.url);
    expect(await agent.newSession()).toBe('s1');
    expect(harness.sent('DELETE ')).toHaveLength(0);
    const chat = agent.chat('one').result();
    await harness.until('GET /events');
    const renewed = agent.newSession();
    expect((await chat).ended.reason).toBe('cancelled');
    await renewed;
    expect(harness.sent('POST /v1/sessions')).toHaveLength(2);
  });
});
