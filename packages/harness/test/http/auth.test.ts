import { describe, expect, it } from 'vitest';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';

const token = 'a-token-of-this-test';

describe('a harness with a token', () => {
  it.each(['/v1/sessions/x', '/v1/sessions/x/events', '/v1/sessions/x/fs/tree', '/v1/nothing'])(
    'refuses %s without it, or with another',
    async (path) => {
      await using harness = await TestHarness.start({ token });
      const withHeader = (value: string) => harness.request(path, { headers: { authorization: value } });
      expect(await rejection(harness.request(path))).toEqual([401, 'UNAUTHORIZED']);
      expect(await rejection(withHeader(`Bearer ${token}x`))).toEqual([401, 'UNAUTHORIZED']);
      expect(await rejection(withHeader(`Basic ${token}`))).toEqual([401, 'UNAUTHORIZED']);
      expect(await rejection(harness.request(`/t/wrong${path}`))).toEqual([401, 'UNAUTHORIZED']);
    },
  );

  it('refuses to create a session without it', async () => {
    await using harness = await TestHarness.start({ token });
    expect(await rejection(harness.post('/v1/sessions', inlineAgent()))).toEqual([401, 'UNAUTHORIZED']);
    expect(await harness.workdirs()).toEqual([]);
  });

  it('takes it as a header, whatever the case of the scheme', async () => {
    await using harness = await TestHarness.start({ token });
    for (const scheme of ['Bearer', 'bearer']) {
      const headers = { authorization: `${scheme} ${token}` };
      expect(await rejection(harness.request('/v1/sessions/x', { headers }))).toEqual([404, 'NOT_FOUND']);
    }
  });

  it('takes it as a prefix of the path, for every route', async () => {
    await using harness = await TestHarness.start({ token });
    const prefix = `/t/${token}/v1`;
    const created = await harness.post(`${prefix}/sessions`, inlineAgent({ 'a.txt': 'text' }));
    expect(created.status).toBe(201);
    const { sessionId } = (await created.json()) as { sessionId: string };
    const file = await harness.request(`${prefix}/sessions/${sessionId}/fs/file?path=a.txt`);
    expect(await file.text()).toBe('text');
    expect((await harness.request(`${prefix}/sessions/${sessionId}`, { method: 'DELETE' })).status).toBe(200);
  });

  it('answers health to everyone, and below the prefix to who knows it', async () => {
    await using harness = await TestHarness.start({ token });
    expect((await harness.request('/v1/health')).status).toBe(200);
    expect((await harness.request(`/t/${token}/v1/health`)).status).toBe(200);
    expect((await harness.request('/t/wrong/v1/health')).status).toBe(401);
  });
});

describe('a harness without a token', () => {
  it('answers by address and as localhost only: a page’s own name may resolve to loopback', async () => {
    await using harness = await TestHarness.start();
    const health = async (host: string) =>
      (await harness.app.fetch(new Request(`http://${host}/v1/health`))).status;
    expect(await health('localhost:7700')).toBe(200);
    expect(await health('127.0.0.1:7700')).toBe(200);
    expect(await health('[::1]:7700')).toBe(200);
    expect(await health('rebound.example:7700')).toBe(403);
    expect(await health('127.0.0.1.example')).toBe(403);
  });

  it('knows no prefix', async () => {
    await using harness = await TestHarness.start();
    expect((await harness.request('/t/any/v1/health')).status).toBe(404);
  });
});
