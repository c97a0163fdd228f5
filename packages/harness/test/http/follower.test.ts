import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestHarness } from '../helpers/harness.ts';
import { endless, scriptedEngine } from '../helpers/scripted-engine.ts';
import { framesUntil } from '../helpers/sse.ts';

const MINUTE = 60_000;
const SESSION = { streamingInput: true, sessionStore: { kind: 'host' } };
const status = async (harness: TestHarness, id: string) =>
  (await harness.request(`/v1/sessions/${id}`)).status;

async function follow(harness: TestHarness, id: string) {
  const response = await harness.request(`/v1/sessions/${id}/transcript?follow=1`);
  const reader = response.body?.getReader();
  if (!reader) throw new Error('the response has no body');
  return reader;
}

describe('whoever follows a transcript alone', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('keeps the session, until an hour after leaving', async () => {
    await using harness = await TestHarness.start({ engines: [endless] });
    const [followed, other] = [await harness.create(SESSION), await harness.create(SESSION)];
    const reader = await follow(harness, followed);
    const line = reader.read();
    await vi.advanceTimersByTimeAsync(61 * MINUTE);
    await line;
    await vi.advanceTimersByTimeAsync(61 * MINUTE);
    expect(await status(harness, other)).toBe(404);
    await reader.cancel();
    await vi.advanceTimersByTimeAsync(59 * MINUTE);
    await expect.poll(() => harness.workdirs()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(await status(harness, followed)).toBe(404);
  });

  it('sees no question: one that waits is denied as if nobody was there', async () => {
    const answered = Promise.withResolvers<string>();
    const asking = scriptedEngine(async ({ askPermission }) => {
      const answer = await askPermission({ callId: 'c', toolName: 'Write', input: {}, risk: 'medium' });
      answered.resolve(answer.behavior);
    });
    await using harness = await TestHarness.start({ engines: [asking] });
    const id = await harness.create(SESSION);
    const reader = await follow(harness, id);
    const line = reader.read();
    await framesUntil(await harness.events(id), ({ event }) => event.kind === 'ca_permission_request');
    await vi.advanceTimersByTimeAsync(11 * MINUTE);
    expect(await answered.promise).toBe('deny');
    await line;
    await reader.cancel();
  });
});
