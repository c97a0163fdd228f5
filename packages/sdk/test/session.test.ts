import { describe, expect, it } from 'vitest';
import { agentOn } from './helpers/agent.ts';
import { answerAt, reject, ScriptedHarness } from './helpers/scripted-harness.ts';

describe('a message', () => {
  it('that is rejected rejects, and leaves the session as it was', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt(
      '/messages',
      (response) => reject(response, 400, 'VALIDATION', 'bad', [{ path: ['x'] }]),
      1,
    );
    await using agent = agentOn(harness.url);
    await expect(agent.chat('one')).rejects.toMatchObject({
      name: 'HarnessProtocolError',
      code: 'VALIDATION',
      status: 400,
      details: [{ path: ['x'] }],
      message: 'the message was not taken: bad',
    });
    expect((await agent.chat('two')).messages.at(-1)).toEqual({ type: 'result', result: 'done: two' });
    expect(harness.sent('POST /cancel')).toHaveLength(0);
  });

  it('that may or may not have arrived ends the session: its answer must not come to the next', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/messages', (response) => response.destroy());
    await using agent = agentOn(harness.url);
    await expect(agent.chat('one')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(agent.chat('two')).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    await harness.until('POST /cancel');
    expect(harness.sent('POST /messages')).toHaveLength(1);
  });

  it('to a session that the harness no longer has is the last one to it', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/messages', (response) => reject(response, 404, 'NOT_FOUND', 'gone'));
    await using agent = agentOn(harness.url);
    await expect(agent.chat('one')).rejects.toMatchObject({ code: 'NOT_FOUND', status: 404 });
    await expect(agent.chat('two')).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    expect(harness.sent('POST /messages')).toHaveLength(1);
    expect(harness.sent('POST /cancel')).toHaveLength(0);
  });
});
