import { describe, expect, it } from 'vitest';
import { rejection, TestHarness } from '../helpers/harness.ts';
import { endless } from '../helpers/scripted-engine.ts';
import { framesUntil } from '../helpers/sse.ts';

describe('deleting a session', () => {
  it('ends a running engine, removes the files, and is 404 the second time', async () => {
    await using harness = await TestHarness.start({ engines: [endless] });
    const id = await harness.create({ streamingInput: true });
    const events = await harness.events(id);
    expect((await harness.request(`/v1/sessions/${id}`, { method: 'DELETE' })).status).toBe(200);
    const frames = await framesUntil(events, ({ event }) => event.kind === 'ca_session_ended');
    expect(frames.at(-1)?.event).toMatchObject({ reason: 'cancelled' });
    expect(await harness.workdirs()).toEqual([]);
    const again = harness.request(`/v1/sessions/${id}`, { method: 'DELETE' });
    expect(await rejection(again)).toEqual([404, 'NOT_FOUND']);
  });

  it('removes one that never started', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ streamingInput: true });
    expect((await harness.request(`/v1/sessions/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect(await harness.workdirs()).toEqual([]);
  });
});

describe('unknown sessions', () => {
  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/events'],
    ['POST', '/messages'],
    ['POST', '/end-input'],
    ['POST', '/cancel'],
    ['POST', '/permission/call_1'],
    ['GET', '/fs/tree'],
    ['GET', '/fs/file?path=a'],
  ])('are 404 on %s %s', async (method, path) => {
    await using harness = await TestHarness.start();
    expect(await rejection(harness.request(`/v1/sessions/nobody${path}`, { method }))).toEqual([
      404,
      'NOT_FOUND',
    ]);
  });
});
