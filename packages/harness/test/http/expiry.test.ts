import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestHarness } from '../helpers/harness.ts';
import { endless, scriptedEngine } from '../helpers/scripted-engine.ts';

const TTL_MS = 60_000;
const MOST = TTL_MS - 1;
const REST = TTL_MS - MOST;

/** Time passes when a test says so: what the machine does meanwhile may take as long as it takes. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const status = async (harness: TestHarness, id: string) =>
  (await harness.request(`/v1/sessions/${id}`)).status;

const readerOf = async (harness: TestHarness, id: string) => {
  const reader = (await harness.events(id)).body?.getReader();
  if (!reader) throw new Error('the response has no body');
  return reader;
};

describe('a session that nobody uses', () => {
  it('is ended, its engine too, and its files are removed', async () => {
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const waiting = scriptedEngine(async ({ signal }) => {
      started.resolve();
      await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
      aborted.resolve();
    });
    await using harness = await TestHarness.start({ engines: [waiting], sessionTtlMs: TTL_MS });
    const id = await harness.create({ streamingInput: true });
    const reader = await readerOf(harness, id);
    await reader.read();
    await started.promise;
    await reader.cancel();
    await pass(TTL_MS);
    await aborted.promise;
    await expect.poll(() => harness.workdirs()).toEqual([]);
    expect(await status(harness, id)).toBe(404);
  });

  it('is removed when it never started, and when it has ended', async () => {
    await using harness = await TestHarness.start({ sessionTtlMs: TTL_MS });
    await harness.create({ streamingInput: true });
    await harness.allFrames(await harness.create());
    expect(await harness.workdirs()).toHaveLength(2);
    await pass(TTL_MS);
    await expect.poll(() => harness.workdirs()).toEqual([]);
  });
});

describe('a session that is used', () => {
  it('stays, by being asked for', async () => {
    await using harness = await TestHarness.start({ sessionTtlMs: TTL_MS });
    const id = await harness.create({ streamingInput: true });
    const other = await harness.create({ streamingInput: true });
    await pass(MOST);
    expect(await status(harness, id)).toBe(200);
    await pass(REST);
    // The one that nobody asked for shows that the time of the other would have been over.
    expect(await status(harness, other)).toBe(404);
    expect(await status(harness, id)).toBe(200);
    await expect.poll(() => harness.workdirs()).toHaveLength(1);
  });

  it('stays, by having a reader, and goes when that has left', async () => {
    await using harness = await TestHarness.start({ engines: [endless], sessionTtlMs: TTL_MS });
    const read = await harness.create({ streamingInput: true });
    const reader = await readerOf(harness, read);
    await reader.read();
    await harness.create({ streamingInput: true });
    await pass(3 * TTL_MS + MOST);
    await expect.poll(() => harness.workdirs()).toHaveLength(1);
    await reader.cancel();
    await pass(MOST);
    expect(await harness.workdirs()).toHaveLength(1);
    await pass(REST);
    await expect.poll(() => harness.workdirs()).toEqual([]);
  });
});
