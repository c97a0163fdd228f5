import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Driver } from '../../../src/drivers/driver.ts';
import { findMarked, GUEST_MARK, OWNER_MARK, ownerId } from '../../../src/process/marked.ts';
import { cloned, requestOf, running } from '../../helpers/tart/guest.ts';
import { startTartBench, type TartBench } from '../../helpers/tart/index.ts';
import { silentMac } from '../../helpers/silent-mac.ts';
import { until } from '../../helpers/until.ts';

/** Makes what the act needs, before tart hangs, and answers the act. */
type Prepare = (driver: Driver) => Promise<(signal: AbortSignal) => Promise<unknown>>;

const image: Prepare = async (driver) => {
  await driver.list();
  return (signal) => driver.resolveImage('host.example/ubuntu:1', { signal, log: () => undefined });
};
const clone: Prepare = async (driver) => {
  const request = await requestOf(driver);
  return (signal) => driver.clone(request, signal);
};
const start: Prepare = async (driver) => {
  const guest = await cloned(driver);
  return (signal) => driver.start(guest, signal);
};
const address: Prepare = async (driver) => {
  const { guest } = await running(driver);
  return (signal) => driver.address(guest, signal);
};
const keys: Prepare = async (driver) => {
  const { guest } = await running(driver);
  return (signal) => driver.hostKeys?.(guest, signal) ?? Promise.resolve();
};
const dial: Prepare = async (driver) => {
  const { guest } = await running(driver);
  return (signal) => driver.dial(guest, 22, signal);
};

describe('a call of tart that never ends', () => {
  let bench: TartBench;

  beforeEach(async () => {
    bench = await startTartBench();
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  it.each([
    ['fqn', 'an image', image],
    ['pull', 'an image', image],
    ['get', 'a clone', clone],
    ['clone', 'a clone', clone],
    ['set', 'a clone', clone],
    ['get', 'a start', start],
    ['ip', 'an address', address],
    ['exec', 'host keys', keys],
    ['ip', 'a dial', dial],
  ] as const)('is ended when it is cancelled, and leaves nothing: %s, for %s', async (verb, _, prepare) => {
    const act = await prepare(bench.driver);
    const cancelling = new AbortController();
    await bench.fault(`hang-${verb}`);
    const count = async () => (await bench.calls()).filter((call) => call.startsWith(`${verb} `)).length;
    const before = await count();
    const done = act(cancelling.signal);
    done.catch(() => undefined);
    await until('it is called', async () => (await count()) > before);
    cancelling.abort();
    await expect(done).rejects.toMatchObject({ code: 'ABORTED' });
    await bench.mend(`hang-${verb}`);
    expect(await findMarked(OWNER_MARK, ownerId)).toEqual([]);
    for (const { name } of await bench.driver.list()) await bench.driver.delete(name);
    expect(await readdir(join(bench.home, 'vms'))).toEqual(['base']);
  });

  it('is cancelled as well while the Mac does not say what process it is', async () => {
    const guest = await cloned(bench.driver);
    const cancelling = new AbortController();
    {
      await using mac = await silentMac();
      const done = bench.driver.start(guest, cancelling.signal);
      done.catch(() => undefined);
      await mac.asked('ps');
      cancelling.abort();
      await expect(done).rejects.toMatchObject({ code: 'ABORTED' });
    }
    expect(await findMarked(GUEST_MARK, guest)).toEqual([]);
    await bench.driver.delete(guest);
    expect(await readdir(join(bench.home, 'vms'))).toEqual(['base']);
  });
});
