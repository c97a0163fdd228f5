import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { IdentityLoader } from '../../src/identity/loader.ts';
import { SessionRegistry } from '../../src/session/registry.ts';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';

const LIVE = { streamingInput: true };
const status = async (harness: TestHarness, id: string) =>
  (await harness.request(`/v1/sessions/${id}`)).status;

describe('a harness that has all its sessions', () => {
  it('refuses another one, says why, and what to do', async () => {
    await using harness = await TestHarness.start({ maxSessions: 2 });
    const first = await harness.create(LIVE);
    await harness.create(LIVE);
    const response = await harness.tryCreate(LIVE);
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual({
      error: {
        code: 'TOO_MANY_SESSIONS',
        message: expect.stringContaining('DELETE /v1/sessions/:id') as string,
        details: { maxSessions: 2 },
      },
    });
    expect(await rejection(harness.post('/v1/chat', inlineAgent()))).toEqual([429, 'TOO_MANY_SESSIONS']);
    expect(await harness.workdirs()).toHaveLength(2);
    await harness.request(`/v1/sessions/${first}`, { method: 'DELETE' });
    await harness.create(LIVE);
  });

  it('has room for 256 when nothing is said', () => {
    const registry = new SessionRegistry({ onExpired: () => undefined });
    for (let n = 0; n < 256; n += 1) registry.reserve(`s${n}`);
    expect(() => registry.reserve('one-more')).toThrow(/has its 256 sessions/);
  });

  it.each([0, -1, Number.NaN])('cannot be one of %s', (maxSessions) => {
    expect(() => new SessionRegistry({ maxSessions, onExpired: () => undefined })).toThrow(TypeError);
  });

  it('lets the ended one go that was not used for the longest time, with its files', async () => {
    await using harness = await TestHarness.start({ maxSessions: 3 });
    const live = await harness.create(LIVE);
    const [older, newer] = [await harness.create(), await harness.create()];
    await Promise.all([older, newer].map((id) => harness.allFrames(id)));
    expect(await status(harness, older)).toBe(200);
    const next = await harness.create(LIVE);
    await expect.poll(() => harness.workdirs()).toHaveLength(3);
    const ids = [live, older, newer, next];
    expect(await Promise.all(ids.map((id) => status(harness, id)))).toEqual([200, 200, 404, 200]);
  });

  it('keeps an ended one that is still read', async () => {
    const talkative = scriptedEngine(async ({ message }) => {
      for (let n = 0; n < 3; n += 1) message({ type: 'assistant', text: 'x'.repeat(100_000) });
    });
    await using harness = await TestHarness.start({ engines: [talkative], maxSessions: 1 });
    const id = await harness.create();
    const reader = (await harness.events(id)).body?.getReader();
    await reader?.read();
    await expect
      .poll(async () => (await harness.request(`/v1/sessions/${id}`)).json())
      .toMatchObject({
        status: 'completed',
      });
    expect(await rejection(harness.tryCreate({}))).toEqual([429, 'TOO_MANY_SESSIONS']);
    await reader?.cancel();
    await harness.create();
  });

  it('takes an ended one’s id at once, and counts it once', async () => {
    await using harness = await TestHarness.start({ maxSessions: 2 });
    const kept = await harness.create();
    await harness.allFrames(await harness.create({ sessionId: 'again' }));
    await harness.allFrames(kept);
    await harness.create({ ...LIVE, sessionId: 'again' });
    expect(await status(harness, kept)).toBe(200);
  });

  it('counts those that are being made', async () => {
    const loading = Promise.withResolvers<void>();
    const stuck: IdentityLoader = {
      name: 'gitagentprotocol',
      load: async (_source, _workdir, signal) => {
        loading.resolve();
        await once(signal, 'abort');
        throw signal.reason;
      },
    };
    await using harness = await TestHarness.start({ loaders: [stuck], maxSessions: 1 });
    const response = harness.tryCreate({});
    await loading.promise;
    expect(await rejection(harness.tryCreate({}))).toEqual([429, 'TOO_MANY_SESSIONS']);
    await harness.app.close();
    expect(await rejection(response)).toEqual([503, 'UNAVAILABLE']);
  });
});
