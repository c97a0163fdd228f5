import { describe, expect, it } from 'vitest';
import { rejection, TestHarness } from '../helpers/harness.ts';
import { framesUntil, kindsOf } from '../helpers/sse.ts';

describe('messages', () => {
  it('run turn after turn in one session', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ streamingInput: true });
    await harness.send(id, 'one');
    const isResult = ({ event }: { event: { kind: string; payload?: unknown } }) =>
      event.kind === 'sdk_message' && (event.payload as { type: string }).type === 'result';
    const first = await framesUntil(await harness.events(id), isResult);
    expect(kindsOf(first)).toEqual([
      'ca_session_started',
      'ca_turn_started',
      'sdk_message',
      'ca_usage_snapshot',
      'sdk_message',
    ]);
    await harness.send(id, 'two');
    const last = first.at(-1)?.id ?? -1;
    const second = await framesUntil(await harness.events(id, { 'last-event-id': `${last}` }), isResult);
    expect(second[0]?.event).toMatchObject({
      kind: 'ca_turn_started',
      turnIndex: 1,
      message: { content: 'two' },
    });
    expect((await harness.post(`/v1/sessions/${id}/end-input`, undefined)).status).toBe(200);
    expect((await harness.allFrames(id)).at(-1)?.event).toMatchObject({ reason: 'complete' });
  });

  it('are refused once the session has ended or takes no more', async () => {
    await using harness = await TestHarness.start();
    const ended = await harness.create();
    await harness.allFrames(ended);
    expect(await rejection(harness.send(ended, 'late'))).toEqual([409, 'SESSION_ENDED']);
    const closed = await harness.create({ streamingInput: true });
    await harness.request(`/v1/sessions/${closed}/end-input`, { method: 'POST' });
    expect(await rejection(harness.send(closed, 'late'))).toEqual([409, 'SESSION_ENDED']);
  });

  it('may come after a create without streaming, before the first reader', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create();
    await harness.send(id, 'hello');
    const frames = await harness.allFrames(id);
    expect(frames.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ payload: { type: 'assistant', content: 'hello' } }),
    );
    expect(frames.at(-1)?.event).toMatchObject({ kind: 'ca_session_ended', reason: 'complete' });
  });

  it.each([{ role: 'system', content: 'x' }, { role: 'user' }, { content: 'x' }])(
    'must be a user’s: %j',
    async (message) => {
      await using harness = await TestHarness.start();
      const id = await harness.create({ streamingInput: true });
      const response = harness.post(`/v1/sessions/${id}/messages`, { message });
      expect(await rejection(response)).toEqual([400, 'VALIDATION']);
    },
  );
});
