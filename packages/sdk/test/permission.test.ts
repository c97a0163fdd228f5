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
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => {
      harness.emit(request);
      harness.emit({ ...request, risk: 'low' });
      harness.say({ type: 'result' });
    };
    await using agent = agentOn(harness.url, {
      onToolCall: (context) => {
        contexts.push(context);
        return { decision: 'allow' };
      },
    });
    await agent.chat('hi');
    const { kind: _, ...context } = request;
    expect(contexts).toEqual([context, { ...context, risk: 'low' }]);
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
    harness.onMessage = () => {
      harness.emit(request);
      harness.say({ type: 'result' });
    };
    harness.reply = (response, { url }) => {
      if (!url.includes('/permission/')) return false;
      reject(response, 400, code, 'x');
      return true;
    };
    await using agent = agentOn(harness.url);
    expect((await agent.chat('one')).ended.reason).toBe('complete');
    code = 'VALIDATION';
    await expect(agent.chat('two')).rejects.toMatchObject({ code: 'VALIDATION' });
  });
});
