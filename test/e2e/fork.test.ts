import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../src/errors.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { newGuestName } from '../../src/drivers/guest-name.ts';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { connectSsh } from '../../src/ssh/index.ts';
import { freshCache } from './cache.ts';
import { makePlace, NOTHING, type Place } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();
const KEY = 'fork-test';
const auth = { password: 'admin' };

/** Runs a command in a guest, as soon as it lets anybody in. */
async function ask(driver: Driver, guest: string, command: string, signal: AbortSignal): Promise<string> {
  const dial = (dialSignal: AbortSignal) => driver.dial(guest, 22, dialSignal);
  for (;;) {
    try {
      const connection = await connectSsh({ dial, user: 'admin', auth, signal });
      try {
        return (await connection.exec(command, { timeoutMs: 60_000, signal })).stdout.trim();
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (!(error instanceof VzvmError) || error.retry !== 'safe' || signal.aborted) throw error;
      await sleep(100, undefined, { signal });
    }
  }
}

async function booted(driver: Driver, signal: AbortSignal, snapshotable: boolean): Promise<string> {
  const guest = newGuestName();
  const image = await driver.resolveImage('debian:12', { signal, log: () => undefined });
  const resources = { cpu: 2, memoryMiB: 512 };
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIForkTestForkTestForkTestForkTestForkTestFo fork';
  await driver.clone({ image, guest, resources, user: 'admin', authorizedKey: key, snapshotable }, signal);
  await driver.start(guest, signal);
  return guest;
}

async function setUp(place: Place) {
  const signal = AbortSignal.timeout(10 * 60_000);
  const cacheDir = await freshCache(place.stateDir);
  const driver = createQemuDriver({ stateDir: place.stateDir, cacheDir });
  const { snapshots } = driver;
  if (!snapshots) throw new Error('no snapshots here');
  return { driver, snapshots, signal };
}

describe.skipIf(reason !== undefined)(`memory templates${reason ? ` (${reason})` : ''}`, () => {
  it('forks three guests at once from one that has ended, which share nothing they write', async () => {
    await using place = await makePlace();
    const { driver, snapshots, signal } = await setUp(place);
    const template = await booted(driver, signal, true);
    await ask(driver, template, 'echo before > /dev/shm/memory; echo before > disk', signal);
    await snapshots.save({ guest: template, key: KEY, keepRunning: false }, signal);
    expect(await driver.list()).toEqual([{ name: template, running: false }]);
    await driver.delete(template);
    expect(await snapshots.has(KEY, signal)).toBe(true);

    const guests = [newGuestName(), newGuestName(), newGuestName()];
    await Promise.all(guests.map((guest) => snapshots.fork({ guest, key: KEY }, signal)));
    expect((await driver.list()).map(({ running }) => running)).toEqual([true, true, true]);
    // Those that run do not need it any more.
    await snapshots.remove(KEY);
    expect([await snapshots.has(KEY, signal), await snapshots.list()]).toEqual([false, []]);
    const write = (guest: string) =>
      ask(driver, guest, `echo ${guest} | tee -a /dev/shm/memory >> disk; sync`, signal);
    await Promise.all(guests.map(write));
    const read = (guest: string) => ask(driver, guest, 'cat /dev/shm/memory disk', signal);
    const told = await Promise.all(guests.map(read));
    expect(told).toEqual(guests.map((guest) => `before\n${guest}\nbefore\n${guest}`));

    await Promise.all(guests.map((guest) => driver.delete(guest)));
    expect(await place.look()).toEqual(NOTHING);
  });

  it('saves a guest that runs on, and forks it', async () => {
    await using place = await makePlace();
    const { driver, snapshots, signal } = await setUp(place);
    const guest = await booted(driver, signal, false);
    await ask(driver, guest, 'echo before > /dev/shm/memory; echo before > disk', signal);
    // Each save leaves a disk behind, and all of them make a template's.
    await snapshots.save({ guest, key: `${KEY}-first`, keepRunning: true }, signal);
    await snapshots.save({ guest, key: KEY, keepRunning: true }, signal);
    await ask(driver, guest, 'echo after > /dev/shm/memory; echo after > disk; sync', signal);
    await driver.delete(guest);
    const fork = newGuestName();
    await snapshots.fork({ guest: fork, key: KEY }, signal);
    expect(await ask(driver, fork, 'cat /dev/shm/memory disk', signal)).toBe('before\nbefore');
    // A fork is a guest like any other: it can be saved, too.
    await snapshots.save({ guest: fork, key: `${KEY}-again`, keepRunning: true }, signal);
    const second = newGuestName();
    await snapshots.fork({ guest: second, key: `${KEY}-again` }, signal);
    expect(await ask(driver, second, 'cat /dev/shm/memory disk', signal)).toBe('before\nbefore');
    await Promise.all([fork, second].map((each) => driver.delete(each)));
    expect(await place.look()).toEqual(NOTHING);
  });

  it('boots a fork of a guest that was saved before its firmware had read the kernel', async () => {
    await using place = await makePlace();
    const { driver, snapshots, signal } = await setUp(place);
    const guest = await booted(driver, signal, true);
    await snapshots.save({ guest, key: KEY, keepRunning: false }, signal);
    await driver.delete(guest);
    const fork = newGuestName();
    const { exited } = await snapshots.fork({ guest: fork, key: KEY }, signal);
    const kernel = ask(driver, fork, 'uname -s', signal);
    kernel.catch(() => undefined); // Where the guest ends first, that is what is told.
    expect(await Promise.race([kernel, exited])).toBe('Linux');
    await driver.delete(fork);
    expect(await place.look()).toEqual(NOTHING);
  });
});
