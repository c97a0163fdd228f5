import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRunning } from '../../helpers/processes.ts';
import { canMount, smallDisk } from '../../helpers/small-disk.ts';
import { setUp } from './scripted-driver.ts';

const { signal } = new AbortController();
const KEY = 'key-of-a-test';
/** What is checked beforehand has space: it goes while it is being used. */
const UNCHECKED = { minFreeMiB: -1_000_000 };

const isPossible = await canMount();
const reason = isPossible ? '' : ' (not run: nothing may be mounted here)';

/** A driver that has its cache, and its guests too if need be, on a small disk. */
async function onSmallDisk({ guests }: { readonly guests: boolean }) {
  const disk = await smallDisk(4);
  if (!disk) throw new Error('no small disk');
  const vm = await setUp(
    {},
    { ...UNCHECKED, cacheDir: disk.path, ...(guests ? { stateDir: disk.path } : {}) },
  );
  const left = async () =>
    (await readdir(join(disk.path, 'qemu'))).filter((name) => /^(kept|template)-/.test(name));
  return {
    ...vm,
    disk,
    left,
    async [Symbol.asyncDispose]() {
      await vm[Symbol.asyncDispose]();
      await disk[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!isPossible)(`a disk that is full${reason}`, () => {
  // From the first byte on; for the lock alone; for the lock, and on one disk where nothing is copied.
  it.each([
    [0, false],
    [8, false],
    [4, true],
  ])('is told when a disk is to be kept, which leaves nothing, with %i KiB left', async (leftKib, guests) => {
    await using vm = await onSmallDisk({ guests });
    await vm.driver.clone(vm.request, signal);
    const keep = () =>
      vm.driver.keepImage(
        { guest: vm.guest, key: KEY, base: vm.image, description: '', login: { user: 'admin' } },
        signal,
      );
    await vm.disk.fill(leftKib);
    await expect(keep()).rejects.toMatchObject({
      code: 'DISK_FULL',
      hint: expect.stringContaining('df -h') as string,
    });
    expect(await vm.left()).toEqual([]);
    await vm.disk.empty();
    await keep();
    expect(await vm.left()).toEqual([`kept-${KEY}`]);
  });

  // From the first byte on; for the lock alone; for all but the disk that forks are given.
  it.each([
    [0, true],
    [0, false],
    [4, false],
    [64, false],
    [4, true],
  ])(
    'is told when a template is to be saved, which leaves nothing but the guest, with %i KiB left (live: %s)',
    async (leftKib, keepRunning) => {
      await using vm = await onSmallDisk({ guests: false });
      await vm.driver.clone({ ...vm.request, snapshotable: true }, signal);
      const { pid } = await vm.driver.start(vm.guest, signal);
      await vm.disk.fill(leftKib);
      const saving = vm.driver.snapshots?.save({ guest: vm.guest, key: KEY, keepRunning }, signal);
      await expect(saving).rejects.toMatchObject({ code: 'DISK_FULL' });
      // What was saved of a guest that was to end may have ended it.
      expect([await vm.left(), isRunning(pid)]).toEqual([[], leftKib < 64]);
    },
  );

  it('is told when a guest is to be cloned, which leaves none', async () => {
    await using vm = await onSmallDisk({ guests: true });
    await vm.disk.fill();
    await expect(vm.driver.clone(vm.request, signal)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await vm.driver.list()).toEqual([]);
  });
});
