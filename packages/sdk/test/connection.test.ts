import { describe, expect, it } from 'vitest';
import { agentOn, substrateTo, untilAborted } from './helpers/agent.ts';
import { reject, ScriptedHarness } from './helpers/scripted-harness.ts';

const NOWHERE = 'http://127.0.0.1:1';

describe('a substrate', () => {
  it('is booted with the first request, once, with the environment, and shut down with the agent', async () => {
    await using harness = await ScriptedHarness.start();
    const runtime = substrateTo(`${harness.url}/`);
    const agent = agentOn(NOWHERE, { runtime, envs: { KEY: 'k' }, baseUrl: 'http://model.test' });
    expect(runtime.boots).toHaveLength(0);
    await Promise.all([agent.chat('one'), agent.chat('two'), agent.harnessUrl()]);
    expect(runtime.boots.map(({ envs }) => envs)).toEqual([
      { KEY: 'k', ANTHROPIC_BASE_URL: 'http://model.test' },
    ]);
    await Promise.all([agent.dispose(), agent.dispose(), agent[Symbol.asyncDispose]()]);
    expect(runtime.shutdowns).toBe(1);
    expect(harness.sent('POST /end-input')).toHaveLength(1);
    expect(harness.seen.filter(({ url }) => !url.startsWith('/v1/'))).toEqual([]);
  });

  it('is booted anew after a boot that failed', async () => {
    await using harness = await ScriptedHarness.start();
    const runtime = substrateTo(harness.url, async (_, count) => {
      if (count === 1) throw new Error('no room');
    });
    await using agent = agentOn(NOWHERE, { runtime });
    await expect(agent.chat('one')).rejects.toThrow('no room');
    expect((await agent.chat('two')).ended.reason).toBe('complete');
    expect(runtime.boots).toHaveLength(2);
  });

  it('stays booted when only the session failed, and the next call creates it', async () => {
    await using harness = await ScriptedHarness.start();
    const runtime = substrateTo(harness.url);
    let rejected = 0;
    harness.reply = (response, seen) => {
      if (!seen.url.endsWith('/v1/sessions') || rejected++ > 0) return false;
      reject(response, 500, 'INTERNAL', 'clone failed');
      return true;
    };
    await using agent = agentOn(NOWHERE, { runtime });
    await expect(agent.chat('one')).rejects.toMatchObject({ code: 'INTERNAL', status: 500 });
    expect((await agent.chat('two')).sessionId).toBe('s1');
    expect(runtime.boots).toHaveLength(1);
  });
});

describe('dispose', () => {
  it('aborts a boot and waits for it', async () => {
    let ended = false;
    const runtime = substrateTo(NOWHERE, async (signal) => {
      try {
        await untilAborted(signal);
      } finally {
        await new Promise((resolve) => setImmediate(resolve));
        ended = true;
      }
    });
    const agent = agentOn(NOWHERE, { runtime });
    const [one, two] = [agent.chat('one').result(), agent.chat('two').result()];
    const outcomes = Promise.allSettled([one, two]);
    const boot = agent.harnessUrl();
    await Promise.all([expect(boot).rejects.toThrow('disposed'), agent.dispose()]);
    expect(ended).toBe(true);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
    }
    expect([runtime.boots.length, runtime.shutdowns]).toEqual([1, 0]);
  });

  it('shuts down what a deaf boot leads to, and creates no session on it', async () => {
    await using harness = await ScriptedHarness.start();
    const booted = Promise.withResolvers<void>();
    const runtime = substrateTo(harness.url, () => booted.promise);
    const agent = agentOn(NOWHERE, { runtime });
    const chat = agent.chat('one').result();
    const boot = agent.harnessUrl();
    const disposed = agent.dispose();
    booted.resolve();
    await Promise.all([boot, expect(chat).rejects.toMatchObject({ name: 'AbortError' }), disposed]);
    expect(runtime.shutdowns).toBe(1);
    expect(harness.seen).toEqual([]);
  });

  it('in the middle of a turn rejects it, cancels the session, and only then shuts down', async () => {
    await using harness = await ScriptedHarness.start();
    const order: string[] = [];
    harness.onMessage = () => undefined;
    harness.reply = (_, { url }) => void order.push(url.split('/').at(-1) ?? '');
    const runtime = substrateTo(harness.url);
    const agent = agentOn(NOWHERE, {
      runtime: {
        bootHarness: async (options) => {
          const booted = await runtime.bootHarness(options);
          return { ...booted, shutdown: async () => void order.push('shutdown') };
        },
      },
    });
    const chat = agent.chat('hi').result();
    await harness.until('GET /events');
    await Promise.all([expect(chat).rejects.toThrow('disposed'), agent.dispose()]);
    expect(order).toEqual(['sessions', 'messages', 'events', 'cancel', 'shutdown']);
  });

  it('rejects when the shutdown fails, to every caller', async () => {
    await using harness = await ScriptedHarness.start();
    const agent = agentOn(NOWHERE, {
      runtime: {
        bootHarness: async () => ({
          baseUrl: harness.url,
          shutdown: () => Promise.reject(new Error('VM is still there')),
        }),
      },
    });
    await agent.ensureSession();
    await expect(agent.dispose()).rejects.toThrow('still there');
    await expect(agent.dispose()).rejects.toThrow('still there');
  });

  it('does not mind a harness that is gone', async () => {
    const harness = await ScriptedHarness.start();
    const runtime = substrateTo(harness.url);
    const agent = agentOn(NOWHERE, { runtime });
    await agent.chat('hi');
    await harness[Symbol.asyncDispose]();
    await agent.dispose();
    expect(runtime.shutdowns).toBe(1);
  });

  it('is the end: nothing works after it, and nothing is booted for it', async () => {
    const runtime = substrateTo(NOWHERE);
    const agent = agentOn(NOWHERE, { runtime });
    await agent.dispose();
    expect(() => agent.chat('hi')).toThrow('disposed');
    await expect(agent.ensureSession()).rejects.toThrow('disposed');
    await expect(agent.harnessUrl()).rejects.toThrow('disposed');
    await expect(agent.fetchArtifact('x')).rejects.toThrow('disposed');
    expect(runtime.boots).toEqual([]);
  });
});
