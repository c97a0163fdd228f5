import { describe, expect, it } from 'vitest';
import { agentOn, substrateTo, untilAborted } from './helpers/agent.ts';
import { ScriptedHarness } from './helpers/scripted-harness.ts';

const NOWHERE = 'http://127.0.0.1:1';

describe('the signal of an agent', () => {
  it('aborts a boot, and boots no more', async () => {
    const stop = new AbortController();
    const runtime = substrateTo(NOWHERE, untilAborted);
    await using agent = agentOn(NOWHERE, { runtime, signal: stop.signal });
    const chat = agent.chat('one').result();
    const boot = agent.harnessUrl();
    stop.abort(new Error('enough'));
    await expect(boot).rejects.toThrow('enough');
    await expect(chat).rejects.toThrow('enough');
    await expect(agent.chat('two')).rejects.toThrow('enough');
    expect(runtime.boots).toHaveLength(1);
  });

  it('rejects a turn with an AbortError, whatever it was aborted with', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => undefined;
    const stop = new AbortController();
    await using agent = agentOn(harness.url, { signal: stop.signal });
    const chat = agent.chat('one').result();
    await harness.until('GET /events');
    stop.abort('SIGINT');
    await expect(chat).rejects.toMatchObject({ name: 'AbortError', message: 'aborted: SIGINT' });
    await harness.untilLeft();
  });
});

describe('the signal of an agent that has a session', () => {
  it('keeps a message from being sent, which is no reason to cancel', async () => {
    await using harness = await ScriptedHarness.start();
    const stop = new AbortController();
    await using agent = agentOn(harness.url, { signal: stop.signal });
    await agent.ensureSession();
    stop.abort();
    await expect(agent.chat('hi')).rejects.toMatchObject({ name: 'AbortError' });
    await agent.dispose();
    const paths = harness.seen.map(({ url }) => url);
    expect(paths).toEqual(['/v1/sessions', '/v1/sessions/s1/end-input']);
  });
});

describe('the signal of a chat', () => {
  it('keeps a chat that was taken back from booting when its turn comes', async () => {
    const failing = Promise.withResolvers<void>();
    const runtime = substrateTo(NOWHERE, () => failing.promise);
    await using agent = agentOn(NOWHERE, { runtime });
    const stop = new AbortController();
    const one = agent.chat('one').result();
    const two = agent.chat('two', { signal: stop.signal }).result();
    stop.abort();
    await expect(two).rejects.toMatchObject({ name: 'AbortError' });
    failing.reject(new Error('no room'));
    await expect(one).rejects.toThrow('no room');
    await agent.dispose();
    expect(runtime.boots).toHaveLength(1);
  });

  it('takes it back while the harness boots, and leaves the boot to the others', async () => {
    await using harness = await ScriptedHarness.start();
    const booted = Promise.withResolvers<void>();
    const runtime = substrateTo(harness.url, () => booted.promise);
    await using agent = agentOn(NOWHERE, { runtime });
    const stop = new AbortController();
    const one = agent.chat('one', { signal: stop.signal }).result();
    const two = agent.chat('two');
    stop.abort();
    await expect(one).rejects.toMatchObject({ name: 'AbortError' });
    booted.resolve();
    expect((await two).messages.at(-1)).toEqual({ type: 'result', result: 'done: two' });
    expect(harness.sent('POST /messages')).toHaveLength(1);
    expect(harness.sent('POST /cancel')).toHaveLength(0);
  });

  it('takes it back while it waits for the chat before it, which the next one still waits for', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = (message, turn) => {
      if (turn > 0) harness.answer(message, turn);
    };
    await using agent = agentOn(harness.url);
    const stop = new AbortController();
    const one = agent.chat('one').result();
    const two = agent.chat('two', { signal: stop.signal }).result();
    const three = agent.chat('three').result();
    await harness.until('GET /events');
    stop.abort();
    await expect(two).rejects.toMatchObject({ name: 'AbortError' });
    // Requests that a third message sent too early would overtake.
    for (let i = 0; i < 3; i++) await agent.fetchArtifact('x');
    expect(harness.sent('POST /messages')).toHaveLength(1);
    harness.answer({ role: 'user', content: 'one' }, 0);
    expect((await one).messages.at(-1)).toEqual({ type: 'result', result: 'done: one' });
    expect((await three).messages.at(-1)).toEqual({ type: 'result', result: 'done: three' });
  });

  it('cancels the session once its message was sent, and the next chat says so', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => undefined;
    await using agent = agentOn(harness.url);
    const stop = new AbortController();
    const chat = agent.chat('one', { signal: stop.signal }).result();
    await harness.until('GET /events');
    stop.abort();
    await expect(chat).rejects.toMatchObject({ name: 'AbortError' });
    await harness.until('POST /cancel');
    await expect(agent.chat('two')).rejects.toMatchObject({ code: 'SESSION_ENDED', status: 409 });
    expect(harness.sent('POST /messages')).toHaveLength(1);
  });

  it('ends the wait for messages that never come', async () => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url);
    const stop = new AbortController();
    let returned = false;
    const never = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          queueMicrotask(() => stop.abort());
          return new Promise<never>(() => undefined);
        },
        return: async () => {
          returned = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    await expect(agent.chat(never, { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(returned).toBe(true);
    expect((await agent.chat('next')).ended.reason).toBe('complete');
  });
});

describe('cancel', () => {
  it('ends a running turn with the reason, and the session with it', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => undefined;
    await using agent = agentOn(harness.url);
    const chat = agent.chat('one');
    await harness.until('GET /events');
    await chat.cancel();
    expect((await chat).ended.reason).toBe('cancelled');
    await expect(agent.chat('two')).rejects.toThrow('it ended with "cancelled"');
  });

  it('takes a chat back that still waits', async () => {
    const runtime = substrateTo(NOWHERE, untilAborted);
    await using agent = agentOn(NOWHERE, { runtime });
    const chat = agent.chat('one');
    const result = chat.result();
    await chat.cancel();
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
  });
});
