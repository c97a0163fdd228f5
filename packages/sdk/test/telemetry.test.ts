import { describe, expect, it } from 'vitest';
import type { AgentTelemetry } from '../src/index.ts';
import { agentOn } from './helpers/agent.ts';
import { reject, ScriptedHarness } from './helpers/scripted-harness.ts';

describe('telemetry', () => {
  it('sees chats begin and end without taking their events', async () => {
    await using harness = await ScriptedHarness.start();
    const calls: [string, unknown][] = [];
    const telemetry: AgentTelemetry = {
      onAgentConstructed: (info) => calls.push(['made', info]),
      onChatStart: ({ message }) => `context of ${message as string}`,
      onChatEnd: ({ durationMs, ...info }) => calls.push(['end', { ...info, took: durationMs >= 0 }]),
      onClose: () => calls.push(['close', undefined]),
    };
    const agent = agentOn(harness.url, { telemetry, source: '/only/the/harness/has/it', model: 'm' });
    expect((await agent.chat('one')).messages).toHaveLength(2);
    harness.reply = (response, { url }) => {
      if (!url.endsWith('/messages')) return false;
      reject(response, 409, 'SESSION_ENDED', 'over');
      return true;
    };
    await expect(agent.chat('two')).rejects.toThrow('over');
    await agent.dispose();
    const usage = { inputTokens: 0, outputTokens: 0 };
    expect(calls).toEqual([
      ['made', { source: '/only/the/harness/has/it', harness: 'scripted', model: 'm' }],
      [
        'end',
        { context: 'context of one', sessionId: 's1', ok: true, usage, reply: 'done: one', took: true },
      ],
      ['end', expect.objectContaining({ context: 'context of two', sessionId: 's1', ok: false, took: true })],
      ['close', undefined],
    ]);
  });

  it('breaks nothing when it throws', async () => {
    await using harness = await ScriptedHarness.start();
    const broken = (): never => {
      throw new Error('observer');
    };
    const later = (): Promise<never> => Promise.reject(new Error('observer'));
    await using agent = agentOn(harness.url, {
      telemetry: { onAgentConstructed: broken, onChatStart: later, onChatEnd: broken, onClose: later },
    });
    expect((await agent.chat('hi')).ended.reason).toBe('complete');
  });
});
