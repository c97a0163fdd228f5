import { describe, expect, it } from 'vitest';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';
import { endless, echo } from '../helpers/scripted-engine.ts';
import { allFramesOf, framesOf, kindsOf } from '../helpers/sse.ts';

const OLD = 'the-token-of-the-source';
const NEW = 'the-token-of-the-copy';

const change = (harness: TestHarness, by: string, token: string) =>
  harness.post(`/t/${by}/v1/token`, { token });

async function sessionOf(harness: TestHarness, token: string): Promise<string> {
  const created = await harness.post(`/t/${token}/v1/sessions`, inlineAgent({ 'a.txt': 'text' }));
  return ((await created.json()) as { sessionId: string }).sessionId;
}

describe('a change of the token', () => {
  it('is for whoever has the token, which is refused from then on', async () => {
    const told: string[] = [];
    await using harness = await TestHarness.start({ token: OLD, onToken: (token) => void told.push(token) });
    const unauthorized = [401, 'UNAUTHORIZED'];
    expect(await rejection(harness.post('/v1/token', { token: NEW }))).toEqual(unauthorized);
    expect(await rejection(change(harness, NEW, NEW))).toEqual(unauthorized);
    const changed = await change(harness, OLD, NEW);
    expect([changed.status, await changed.json(), told]).toEqual([200, { ok: true, state: 'ready' }, [NEW]]);
    expect(await rejection(harness.request(`/t/${OLD}/v1/sessions/x`))).toEqual(unauthorized);
    const headers = { authorization: `Bearer ${OLD}` };
    expect(await rejection(harness.request('/v1/sessions/x', { headers }))).toEqual(unauthorized);
    expect(await rejection(change(harness, OLD, OLD))).toEqual(unauthorized);
    expect(await rejection(harness.request(`/t/${NEW}/v1/sessions/x`))).toEqual([404, 'NOT_FOUND']);
  });

  it('leaves sessions with their files and events to the new owner', async () => {
    await using harness = await TestHarness.start({ token: OLD, engines: [echo] });
    const id = await sessionOf(harness, OLD);
    await change(harness, OLD, NEW);
    const session = `/t/${NEW}/v1/sessions/${id}`;
    expect(await (await harness.request(`${session}/fs/file?path=a.txt`)).text()).toBe('text');
    await harness.post(`${session}/messages`, { message: { role: 'user', content: 'hello' } });
    await harness.post(`${session}/end-input`, {});
    const frames = await allFramesOf(await harness.request(`${session}/events`));
    expect(JSON.stringify(frames)).toContain('hello');
  });

  it('ends the streams of the old owner, and none of the new one', async () => {
    await using harness = await TestHarness.start({ token: OLD, engines: [endless] });
    const id = await sessionOf(harness, OLD);
    const reading = allFramesOf(await harness.request(`/t/${OLD}/v1/sessions/${id}/events`));
    await change(harness, OLD, NEW);
    const seen = await reading;
    expect(kindsOf(seen)).not.toContain('session.ended');
    const again = await harness.request(`/t/${NEW}/v1/sessions/${id}/events`);
    for await (const frame of framesOf(again)) {
      expect(frame.id).toBe(0);
      break;
    }
  });

  it('is one for each token: of two at once, the second is refused', async () => {
    await using harness = await TestHarness.start({ token: OLD });
    const slow = new TransformStream<Uint8Array, Uint8Array>();
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, duplex: 'half' as const };
    const late = harness.request(`/t/${OLD}/v1/token`, { ...init, body: slow.readable });
    await change(harness, OLD, NEW);
    const writer = slow.writable.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify({ token: 'a-token-of-somebody-else' })));
    await writer.close();
    expect(await rejection(late)).toEqual([401, 'UNAUTHORIZED']);
    expect(await rejection(harness.request(`/t/${NEW}/v1/sessions/x`))).toEqual([404, 'NOT_FOUND']);
  });

  it.each([[{}], [{ token: 'short' }]])('refuses %j, and changes nothing', async (body) => {
    await using harness = await TestHarness.start({ token: OLD });
    expect(await rejection(harness.post(`/t/${OLD}/v1/token`, body))).toEqual([400, 'VALIDATION']);
    expect(await rejection(harness.request(`/t/${OLD}/v1/sessions/x`))).toEqual([404, 'NOT_FOUND']);
  });

  it('is nothing that a harness without a token has', async () => {
    await using harness = await TestHarness.start();
    expect((await harness.post('/v1/token', { token: NEW })).status).toBe(404);
  });
});
