import { describe, expect, it } from 'vitest';
import { Beside } from '../../src/substrate/beside.ts';

const never = new AbortController().signal;

/** Work that ends, a moment later, when it is cancelled. */
function work() {
  const seen = { begun: 0, ended: 0 };
  const run = async (signal: AbortSignal) => {
    seen.begun += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => setImmediate(resolve), { once: true });
    if (signal.aborted) resolve();
    await promise;
    seen.ended += 1;
  };
  return { seen, run };
}

describe('work beside what is in use', () => {
  it('goes on until the last use is over, and is waited for then', async () => {
    const beside = new Beside();
    const { seen, run } = work();
    const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    beside.run(one.promise, never, run);
    beside.run(other.promise, never, run);
    one.resolve();
    await one.promise;
    await beside.quiet();
    expect(seen).toEqual({ begun: 1, ended: 0 });
    other.resolve();
    await other.promise;
    await beside.quiet();
    expect(seen).toEqual({ begun: 1, ended: 1 });
  });

  it('ends with its signal, and is begun anew for the next use', async () => {
    const beside = new Beside();
    const { seen, run } = work();
    const abort = new AbortController();
    const use = Promise.withResolvers<void>();
    beside.run(use.promise, abort.signal, run);
    abort.abort();
    await expect.poll(() => seen.ended).toBe(1);
    beside.run(use.promise, never, run);
    expect(seen.begun).toBe(2);
    use.resolve();
    await use.promise;
    await beside.quiet();
    expect(seen.ended).toBe(2);
  });

  it('is cancelled at once where the use was over before it began', async () => {
    const beside = new Beside();
    const { seen, run } = work();
    beside.run(Promise.reject(new Error('ended')), never, run);
    await expect.poll(() => seen.ended).toBe(1);
  });
});
