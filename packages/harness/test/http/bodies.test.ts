import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';

describe('bodies', () => {
  it('refuses what is not JSON, not said to be JSON, or not the schema', async () => {
    await using harness = await TestHarness.start();
    const send = (type: string, body: string) =>
      rejection(harness.request('/v1/sessions', { method: 'POST', headers: { 'content-type': type }, body }));
    expect(await send('application/json', '{"engine":')).toEqual([400, 'VALIDATION']);
    expect(await send('application/json', '{}')).toEqual([400, 'VALIDATION']);
    expect(await send('text/plain', JSON.stringify(inlineAgent()))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await send('application/jsonx', JSON.stringify(inlineAgent()))).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ]);
    expect(await harness.workdirs()).toEqual([]);
  });
});

describe('any body', () => {
  const paths = [
    '/v1/sessions',
    '/v1/chat',
    '/v1/sessions/mine/messages',
    '/v1/sessions/mine/permission/c',
    '/v1/sessions/mine/fs/edit',
    '/v1/sessions/mine/fs/mkdir',
    '/v1/sessions/mine/fs/move',
  ];
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

  it('of JSON or not is answered as the client’s mistake, in an envelope, and harms nothing', async () => {
    await using harness = await TestHarness.start();
    await harness.create({ sessionId: 'mine', streamingInput: true });
    const texts = fc.oneof(fc.json(), fc.string(), fc.constant(inlineAgent()).chain(mutilated));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), texts, async (path, body) => {
        const headers = { 'content-type': 'application/json' };
        const response = await harness.request(path, { method: 'POST', headers, body });
        expect(response.status).toBeGreaterThanOrEqual(400);
        expect(response.status).toBeLessThan(500);
        expect(await response.json()).toMatchObject({
          error: { code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String) },
        });
      }),
      { numRuns: 400 },
    );
    expect(await (await harness.request('/v1/sessions/mine')).json()).toMatchObject({ status: 'pending' });
    expect(await harness.workdirs()).toHaveLength(1);
  });

  it.each([250, 100_000])(
    'that is nested %i deep is refused, before it could fail elsewhere',
    async (levels) => {
      await using harness = await TestHarness.start();
      const id = await harness.create({ streamingInput: true });
      const body = `{"message":{"role":"user","content":[{"type":"x","y":${deep(levels)}}]}}`;
      const headers = { 'content-type': 'application/json' };
      const sent = harness.request(`/v1/sessions/${id}/messages`, { method: 'POST', headers, body });
      expect(await rejection(sent)).toEqual([400, 'VALIDATION']);
    },
  );

  it('with thousands of mistakes is told of a few', async () => {
    await using harness = await TestHarness.start();
    const messages = Array.from({ length: 10_000 }, () => ({ role: 'nobody' }));
    const answer = await (await harness.tryCreate({ messages })).text();
    expect(answer.length).toBeLessThan(20_000);
  });
});

/** The body of a session that could be made, with one of its parts replaced. */
function mutilated(agent: ReturnType<typeof inlineAgent>): fc.Arbitrary<string> {
  const junk = fc.constantFrom<unknown>(null, 7, '', [], {}, { type: 'ftp' }, { role: 'x' });
  const places = ['engine', 'identity', 'messages', 'sessionId', 'sessionStore', 'policy'];
  return fc
    .tuple(fc.constantFrom(...places), junk)
    .filter(([place, value]) => !(place === 'messages' && Array.isArray(value)))
    .map(([place, value]) => JSON.stringify({ ...agent, [place]: value }));
}
