import { describe, expect, it } from 'vitest';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';

const post = (harness: TestHarness, id: string, content: string, key: string): Promise<Response> =>
  harness.request(`/v1/sessions/${id}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ message: { role: 'user', content } }),
  });

async function turnsOf(harness: TestHarness, id: string): Promise<unknown[]> {
  await harness.request(`/v1/sessions/${id}/end-input`, { method: 'POST' });
  return (await harness.allFrames(id)).flatMap(({ event }) =>
    event.kind === 'ca_turn_started' ? [event.message?.content] : [],
  );
}

describe('a message with a key', () => {
  it('is taken once, however often and when it comes', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ streamingInput: true });
    const first = [post(harness, id, 'one', 'k1'), post(harness, id, 'one', 'k1')];
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    await post(harness, id, 'one', 'k2');
    await post(harness, id, 'one', 'k1');
    expect(await turnsOf(harness, id)).toEqual(['one', 'one']);
    // The session has ended, and what it has taken is taken.
    expect(await (await post(harness, id, 'one', 'k2')).json()).toEqual({ ok: true });
    expect(await rejection(post(harness, id, 'late', 'k3'))).toEqual([409, 'SESSION_ENDED']);
    expect(await rejection(post(harness, id, 'late', 'k3'))).toEqual([409, 'SESSION_ENDED']);
  });

  it('is refused where another message came with it, and where it is no key', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ streamingInput: true });
    await post(harness, id, 'one', 'k1');
    expect(await rejection(post(harness, id, 'two', 'k1'))).toEqual([409, 'CONFLICT']);
    expect(await rejection(post(harness, id, 'two', 'x'.repeat(129)))).toEqual([400, 'VALIDATION']);
    expect(await turnsOf(harness, id)).toEqual(['one']);
  });

  it('has a key of its own session, which remembers the last 1,000', async () => {
    await using harness = await TestHarness.start();
    const [id, other] = [
      await harness.create({ streamingInput: true }),
      await harness.create({ streamingInput: true }),
    ];
    for (let n = 0; n < 1_001; n += 1) await post(harness, id, 'x', `k${n}`);
    await post(harness, id, 'x', 'k1');
    await post(harness, id, 'x', 'k0');
    await post(harness, other, 'y', 'k1');
    expect(await turnsOf(harness, id)).toHaveLength(1_002);
    expect(await turnsOf(harness, other)).toEqual(['y']);
  });

  it('is promised with the session', async () => {
    await using harness = await TestHarness.start();
    const response = await harness.post('/v1/sessions', inlineAgent());
    expect(await response.json()).toMatchObject({ idempotentMessages: true });
  });
});
