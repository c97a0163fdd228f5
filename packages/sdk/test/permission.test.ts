import { describe, expect, it } from 'vitest';
import type { PermissionDecision } from '../src/index.ts';
import { agentOn, kindsOf } from './helpers/agent.ts';
import { reject, ScriptedHarness } from './helpers/scripted-harness.ts';

describe('a permission request', () => {
  const request = {
    kind: 'ca_permission_request',
    callId: 'c/1',
    toolName: 'Bash',
    input: { command: 'ls' },
  };

  async function asked(decide: (() => PermissionDecision | Promise<PermissionDecision>) | undefined) {
    const harness = await ScriptedHarness.start();
    harness.onMessage = () => harness.emit({ ...request, risk: 'high' });
    harness.reply = (_, { url }) => {
      if (url.includes('/permission/')) harness.say({ type: 'result' });
    };
    const agent = agentOn(harness.url, decide ? { onToolCall: decide } : {});
    return { harness, agent };
  }

  it.each<[string, PermissionDecision | undefined, unknown]>([
    ['allowed', { decision: 'allow' }, { decision: 'allow' }],
    ['denied', { decision: 'deny', reason: 'no' }, { decision: 'deny', reason: 'no' }],
    ['denied without a reason', { decision: 'deny' }, { decision: 'deny', reason: 'denied' }],
    ['modified', { decision: 'modify', input: { a: 1 } }, { decision: 'modify', input: { a: 1 } }],
    ['allowed without a callback', undefined, { decision: 'allow' }],
  ])('is %s', async (_, decision, sent) => {
    const { harness, agent } = await asked(decision && (() => decision));
    await using _harness = harness;
    await using _agent = agent;
    const chat = agent.chat('hi');
    expect(await kindsOf(chat)).toEqual(['ca_permission_request', 'sdk_message', 'ca_session_ended']);
    const answers = harness.seen.filter(({ url }) => url.includes('/permission/'));
    expect(answers.map(({ url, body }) => [url, JSON.parse(body)])).toEqual([
      ['/v1/sessions/s1/permission/c%2F1', sent],
    ]);
  });

  it('shows the callback all there is', async () => {
    const contexts: unknown[] = [];
    const signals: AbortSignal[] = [];
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => {
      harness.emit(request);
      harness.emit({ ...request, risk: 'low', requiresHuman: true });
    };
    await using agent = agentOn(harness.url, {
      onToolCall: ({ signal, ...context }) => {
        signals.push(signal);
        if (contexts.push(context) === 2) harness.say({ type: 'result' });
        return { decision: 'allow' };
      },
    });
    await agent.chat('hi');
    const { kind: _, ...context } = request;
    expect(contexts).toEqual([context, { ...context, risk: 'low', requiresHuman: true }]);
    expect(signals.every((signal) => signal instanceof AbortSignal)).toBe(true);
  });

  it('whose callback fails rejects, and cancels the session instead of leaving the tool in doubt', async () => {
    const { harness, agent } = await asked(() => {
      throw new Error('no terminal');
    });
    await using _harness = harness;
    await using _agent = agent;
    await expect(agent.chat('hi')).rejects.toThrow('no terminal');
    await harness.until('POST /cancel');
    expect(harness.seen.filter(({ url }) => url.includes('/permission/'))).toEqual([]);
  });

  it('whose callback never answers ends with the chat', async () => {
    const stop = new AbortController();
    const { harness, agent } = await asked(() => {
      queueMicrotask(() => stop.abort());
      return new Promise(() => undefined);
    });
    await using _harness = harness;
    await using _agent = agent;
    await expect(agent.chat('hi', { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    await harness.until('POST /cancel');
  });

  it('that somebody else has answered is no failure; one that is rejected is', async () => {
    await using harness = await ScriptedHarness.start();
    let code = 'UNKNOWN_CALL_ID';
    harness.onMessage = () => harness.emit(request);
    harness.reply = (response, { url }) => {
      if (!url.includes('/permission/')) return false;
      reject(response, 400, code, 'x');
      if (code === 'UNKNOWN_CALL_ID') harness.say({ type: 'result' });
      return true;
    };
    await using agent = agentOn(harness.url);
    expect((await agent.chat('one')).ended.reason).toBe('complete');
    code = 'VALIDATION';
    await expect(agent.chat('two')).rejects.toMatchObject({ code: 'VALIDATION' });
  });

  it('that a person must decide is denied where nobody is asked', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => harness.emit({ ...request, requiresHuman: true });
    harness.reply = (_, { url }) => {
      if (url.includes('/permission/')) harness.say({ type: 'result' });
    };
    await using agent = agentOn(harness.url);
    await agent.chat('hi');
    const [answered] = harness.seen.filter(({ url }) => url.includes('/permission/'));
    expect(JSON.parse(answered?.body ?? '')).toEqual({
      decision: 'deny',
      reason: expect.stringContaining('onToolCall'),
    });
  });

  it.each([[undefined], [true], [{ decision: 'yes' }], [{ decision: 'modify' }]])(
    'answered with %j is answered with nothing, and ends the session',
    async (answer) => {
      const { harness, agent } = await asked(() => answer as never);
      await using _harness = harness;
      await using _agent = agent;
      await expect(agent.chat('hi')).rejects.toThrow(TypeError);
      await harness.until('POST /cancel');
      expect(harness.seen.filter(({ url }) => url.includes('/permission/'))).toEqual([]);
    },
  );

  it('is shown while a person thinks, and events are read on', async () => {
    const thought = Promise.withResolvers<PermissionDecision>();
    const { harness, agent } = await asked(() => thought.promise);
    await using _harness = harness;
    await using _agent = agent;
    const chat = agent.chat('hi');
    const kinds: string[] = [];
    for await (const event of chat) {
      kinds.push(event.kind);
      if (event.kind === 'ca_permission_request') harness.say({ n: 1 });
      else thought.resolve({ decision: 'allow' });
    }
    expect(kinds).toEqual(['ca_permission_request', 'sdk_message', 'sdk_message', 'ca_session_ended']);
  });

  it('is put to the callback when the one before is answered', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => {
      harness.emit({ ...request, callId: 'c1' });
      harness.emit({ ...request, callId: 'c2' });
    };
    harness.reply = (_, { url }) => {
      if (url.endsWith('/permission/c2')) harness.say({ type: 'result' });
    };
    const asking: string[] = [];
    await using agent = agentOn(harness.url, {
      onToolCall: async ({ callId }) => {
        asking.push(callId, String(harness.seen.filter(({ url }) => url.includes('/permission/')).length));
        return { decision: 'allow' };
      },
    });
    await agent.chat('hi');
    expect(asking).toEqual(['c1', '0', 'c2', '1']);
  });

  it('that is decided elsewhere lets go of whoever was asked', async () => {
    const told: unknown[] = [];
    const { harness, agent } = await asked(undefined);
    await using _harness = harness;
    await agent.dispose();
    await using other = agentOn(harness.url, {
      onToolCall: ({ signal, callId }) => {
        signal.addEventListener('abort', () => {
          told.push(signal.reason);
          harness.say({ type: 'result' });
        });
        harness.emit({ kind: 'ca_permission_decision', callId, decision: 'deny' });
        return new Promise(() => undefined);
      },
    });
    expect((await other.chat('hi')).ended.reason).toBe('complete');
    expect(told).toEqual([expect.objectContaining({ name: 'AbortError' })]);
    expect(harness.seen.filter(({ url }) => url.includes('/permission/'))).toEqual([]);
  });

  it('is left to the loop where that is wanted', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => harness.emit(request);
    harness.reply = (_, { url }) => {
      if (url.includes('/permission/')) harness.say({ type: 'result' });
    };
    await using agent = agentOn(harness.url, { onToolCall: 'manual' });
    const chat = agent.chat('hi');
    for await (const event of chat) {
      if (event.kind !== 'ca_permission_request') continue;
      await chat.respondToPermission(event.callId, { decision: 'modify', input: { command: 'pwd' } });
    }
    const answers = harness.seen.filter(({ url }) => url.includes('/permission/'));
    expect(answers.map(({ body }) => JSON.parse(body))).toEqual([
      { decision: 'modify', input: { command: 'pwd' } },
    ]);
  });
});
