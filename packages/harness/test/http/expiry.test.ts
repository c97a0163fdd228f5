import { describe, expect, it } from 'vitest';
import { TestHarness } from '../helpers/harness.ts';
import { endless, scriptedEngine } from '../helpers/scripted-engine.ts';
import { framesUntil } from '../helpers/sse.ts';

const status = async (harness: TestHarness, id: string) =>
  (await harness.request(`/v1/sessions/${id}`)).status;

describe('a session that nobody uses', () => {
  it('is ended, its engine too, and its files are removed', async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const waiting = scriptedEngine(async ({ signal }) => {
      await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
      resolve();
    });
    await using harness = await TestHarness.start({ engines: [waiting], sessionTtlMs: 30 });
    const id = await harness.create({ streamingInput: true });
    await framesUntil(await harness.events(id), ({ event }) => event.kind === 'ca_session_started');
    await aborted;
    await expect.poll(() => harness.workdirs()).toEqual([]);
    expect(await status(harness, id)).toBe(404);
  });

  it('is removed when it never started, and when it has ended', async () => {
    await using harness = await TestHarness.start({ sessionTtlMs: 30 });
    await harness.create({ streamingInput: true });
    await harness.allFrames(await harness.create());
    await expect.poll(() => harness.workdirs()).toEqual([]);
  });
});

describe('a session that is used', () => {
  it('stays, by being asked for', async () => {
    await using harness = await TestHarness.start({ sessionTtlMs: 200 });
    const id = await harness.create({ streamingInput: true });
    const other = await harness.create({ streamingInput: true });
    // The one that nobody asks for shows that the time of the other would have been over.
    await expect
      .poll(async () => [await status(harness, id), (await harness.workdirs()).length], { timeout: 10_000 })
      .toEqual([200, 1]);
    expect(await status(harness, other)).toBe(404);
  });

  it('stays, by having a reader, and goes when that has left', async () => {
    await using harness = await TestHarness.start({ engines: [endless], sessionTtlMs: 30, keepAliveMs: 5 });
    const read = await harness.create({ streamingInput: true });
    const reader = (await harness.events(read)).body?.getReader();
    await reader?.read();
    await harness.create({ streamingInput: true });
    await expect.poll(async () => (await harness.workdirs()).length).toBe(1);
    for (let n = 0; n < 20; n += 1) await reader?.read();
    expect(await harness.workdirs()).toHaveLength(1);
    await reader?.cancel();
    await expect.poll(() => harness.workdirs()).toEqual([]);
  });
});
