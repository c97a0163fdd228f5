import { describe, expect, it } from 'vitest';
import { createBootContext } from '../../src/substrate/boot-context.ts';
import { WarmPool } from '../../src/substrate/warm-pool.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';

const never = new AbortController().signal;

/** A pool of one VM of 1024 MiB on a host that says what it can spare. */
async function setUp(warm: { size: number; memoryBudgetMiB?: number }) {
  const guest = await startFakeGuest();
  const lines: string[] = [];
  const host = { spareMiB: 0 };
  const context = createBootContext({
    options: { ...guest.options, memoryMiB: 1024, warm, maxConcurrent: 1 },
    log: (line) => void lines.push(line),
    driver: () => Promise.resolve(guest.driver),
    closing: never,
    spareMiB: () => Promise.resolve(host.spareMiB),
  });
  const pool = new WarmPool(context);
  return { guest, lines, host, pool };
}

describe('a pool on a host that is short of memory', () => {
  it('boots nothing that nobody has asked for, says why, and fills itself when there is memory again', async () => {
    const { guest, lines, host, pool } = await setUp({ size: 1 });
    await using _ = guest;
    pool.start();
    await pool.filled(never);
    expect(await guest.driver.list()).toEqual([]);
    expect(lines).toEqual([
      expect.stringMatching(
        /^the pool pauses for \d+ ms, because a boot failed: the host can spare 0 MiB of memory, and 1024 MiB/,
      ),
    ]);
    host.spareMiB = 1024;
    await expect.poll(async () => (await guest.driver.list()).length).toBe(1);
    await pool.filled(never);
    await pool.drain();
    expect(await guest.driver.list()).toEqual([]);
  });

  it('serves whoever asks all the same', async () => {
    const { guest, pool } = await setUp({ size: 1 });
    await using _ = guest;
    pool.start();
    const { vm } = await pool.take({ envs: {} }, never);
    expect(vm.tags.has('ready')).toBe(true);
    await vm.dispose('a test');
    await pool.drain();
  });

  it('says how many VMs its budget has place for, and keeps no more', async () => {
    const { guest, lines, host, pool } = await setUp({ size: 3, memoryBudgetMiB: 1500 });
    await using _ = guest;
    host.spareMiB = 100_000;
    expect(lines).toEqual(['the pool keeps 1 of 3 VMs: 1500 MiB is its memory']);
    pool.start();
    await pool.filled(never);
    expect(await guest.driver.list()).toHaveLength(1);
    await pool.drain();
  });
});
