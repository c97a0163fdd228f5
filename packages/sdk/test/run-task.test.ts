import { describe, expect, it } from 'vitest';
import { runTask } from '../src/index.ts';
import { substrateTo } from './helpers/agent.ts';
import { answerAt, reject, ScriptedHarness } from './helpers/scripted-harness.ts';

describe('runTask', () => {
  it('chats once and ends what it has booted, also when the chat fails', async () => {
    await using harness = await ScriptedHarness.start();
    const runtime = substrateTo(harness.url);
    const task = { source: '/only/the/harness/has/it', harness: 'e', runtime, message: 'hi' };
    const { messages } = await runTask(task);
    expect(messages.at(-1)).toEqual({ type: 'result', result: 'done: hi' });
    expect(harness.sent('POST /end-input')).toHaveLength(1);
    expect(runtime.shutdowns).toBe(1);
    harness.reply = answerAt('/messages', (response) => reject(response, 409, 'SESSION_ENDED', 'over'));
    await expect(runTask(task)).rejects.toThrow('over');
    expect(runtime.shutdowns).toBe(2);
  });
});
