import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { HarnessApp } from '../../src/app.ts';
import { deferred } from '../../src/deferred.ts';
import { rehearse } from '../../src/parked/rehearsal.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** An app that never answers; and what becomes of it. */
function stuck(close: () => Promise<void> = async () => undefined) {
  const asked = deferred<number>();
  const app: HarnessApp = {
    fetch: async ({ url }) => {
      asked.resolve(Number(new URL(url).port));
      return new Promise<Response>(() => undefined);
    },
    close,
  };
  return { makeApp: () => app, port: asked.promise };
}

const reasonOf = (work: Promise<void>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error,
  );

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const refused = await once(socket, 'connect').then(
    () => false,
    () => true,
  );
  socket.destroy();
  return refused;
}

it('is given up after a minute, says what it waited for, and leaves no port', async () => {
  const { makeApp, port } = stuck();
  const reason = reasonOf(rehearse({ makeApp }));
  const used = await port;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await reason).toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the rehearsal was not over within 60000 ms: it waited for the answer to GET /v1/health',
    details: { timeoutMs: 60_000, asked: 'GET /v1/health' },
  });
  expect(await isRefused(used)).toBe(true);
});

it('is given up when it is cancelled, with the reason, and leaves no port', async () => {
  const { makeApp, port } = stuck();
  const cancelling = new AbortController();
  const reason = reasonOf(rehearse({ makeApp, signal: cancelling.signal }));
  const used = await port;
  const why = new Error('enough');
  cancelling.abort(why);
  expect(await reason).toBe(why);
  expect(await isRefused(used)).toBe(true);
  expect(await reasonOf(rehearse({ signal: cancelling.signal }))).toBe(why);
});

it('waits two seconds for what does not close', async () => {
  const closing = deferred<void>();
  const { makeApp, port } = stuck(() => closing.promise);
  const cancelling = new AbortController();
  const reason = reasonOf(rehearse({ makeApp, signal: cancelling.signal }));
  const used = await port;
  cancelling.abort();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await reason).toBe(cancelling.signal.reason);
  closing.resolve();
  await expect.poll(() => isRefused(used)).toBe(true);
});

it('does what it is for in no time, and leaves no timer', async () => {
  await rehearse();
  expect(vi.getTimerCount()).toBe(0);
});
