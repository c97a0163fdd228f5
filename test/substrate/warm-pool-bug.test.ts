import { describe, expect, it } from 'vitest';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { poolMachine } from '../../src/machines/pool/index.ts';
import { createBootContext } from '../../src/substrate/boot-context.ts';
import { WarmPool } from '../../src/substrate/warm-pool.ts';
import { until } from '../helpers/until.ts';

const throws = () => {
  throw new Error('a bug');
};
const never = new AbortController().signal;

/** A pool of one VM, whose boot hangs, with a chart that has a bug. */
function poolWith(machine: typeof poolMachine) {
  const driver = createFakeDriver({ script: { resolveImage: 'hang' } });
  const signals: AbortSignal[] = [];
  const resolveImage = driver.resolveImage.bind(driver);
  driver.resolveImage = (ref, options) => {
    signals.push(options.signal);
    return resolveImage(ref, options);
  };
  const log = () => undefined;
  const context = createBootContext({
    options: { driver, baseImage: 'fake', warm: { size: 1 }, maxConcurrent: 1 },
    log,
    driver: () => Promise.resolve(driver),
    closing: never,
  });
  const pool = new WarmPool(context, machine);
  pool.start();
  return { pool, driver, signals };
}

describe('a pool whose chart has a bug', () => {
  it('refuses who waits, who comes later and who drains it, and lets nobody wait in vain', async () => {
    const { pool, driver, signals } = poolWith(poolMachine.provide({ actions: { cancel: throws } }));
    await until('a VM boots', () => driver.calls.includes('resolveImage fake'));
    const abort = new AbortController();
    const waiting = [never, abort.signal].map((signal) => pool.take({ envs: {} }, signal));
    const filled = pool.filled(never);
    abort.abort();
    const refused = { status: 'rejected', reason: { code: 'INTERNAL' } };
    expect(await Promise.allSettled(waiting)).toMatchObject([refused, refused]);
    await filled;
    await pool.filled(never);
    await expect(pool.take({ envs: {} }, never)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(pool.drain()).rejects.toThrow('a bug');
    expect(signals.map((signal) => signal.aborted)).toEqual([true]);
    expect(await driver.list()).toEqual([]);
  });
});
