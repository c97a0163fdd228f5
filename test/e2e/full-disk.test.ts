import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { execInGuest } from '../../src/actors/guest-connection.ts';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { type VmHandle, VZVMSubstrate } from '../../src/index.ts';
import type * as sessionModule from '../../src/substrate/session.ts';
import { rejection } from '../helpers/rejection.ts';
import { canMount, smallDisk } from '../helpers/small-disk.ts';
import { until } from '../helpers/until.ts';
import { preparedCache } from './cache.ts';
import { sessions } from './known-sessions.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

vi.mock('../../src/substrate/session.ts', async (original) => {
  const { knowing } = await import('./known-sessions.ts');
  return knowing(await original<typeof sessionModule>());
});

const reason = reasonToSkip() ?? ((await canMount()) ? undefined : 'nothing may be mounted here');
/** What a guest writes to its disk until it serves is less. */
const DISK_MIB = 256;
/** No step ends by itself while this test runs: a guest that stands still would be found out by nothing else. */
const NEVER_MS = 24 * 60 * 60_000;
const timeouts = Object.fromEntries(
  ['booting', 'ip-polling', 'ssh-connect', 'upload', 'node-install', 'npm-install', 'spawn', 'healthy'].map(
    (step) => [step, NEVER_MS],
  ),
);
const WRITE = 'dd if=/dev/urandom of=written bs=1M count=16 conv=fsync 2>&1 && echo done';

/** A substrate whose guests have a disk of the host to themselves that can be filled; all else is elsewhere. */
async function onSmallDisk() {
  const disk = await smallDisk(DISK_MIB);
  if (!disk) throw new Error('no small disk');
  const place = await makePlace();
  const cacheDir = await preparedCache(place.stateDir);
  const lines: string[] = [];
  let vm: VmHandle | undefined;
  const substrate = new VZVMSubstrate({
    driver: createQemuDriver({ stateDir: disk.path, cacheDir, minFreeMiB: 1 }),
    stateDir: place.stateDir,
    cacheDir,
    fork: 'never',
    memoryMiB: 1024,
    timeouts,
    onLog: (line) => void lines.push(line),
    onVm: (started) => void (vm = started),
  });
  return {
    substrate,
    disk,
    lines,
    vm: () => vm,
    told: (what: string) => lines.filter((line) => line.includes(what)).length,
    left: async () => ({ ...(await place.look()), disk: await readdir(join(disk.path, 'qemu')) }),
    async [Symbol.asyncDispose]() {
      await substrate.dispose();
      await place[Symbol.asyncDispose]();
      await disk[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(reason !== undefined)(
  `a disk of the host that is full${reason ? ` (${reason})` : ''}`,
  () => {
    it('is told of in the middle of a boot, which fails for it, and leaves nothing', async () => {
      await using it = await onSmallDisk();
      const booting = rejection(it.substrate.bootHarness({ envs: {} }));
      await until('its process is watched', () => it.vm()?.timeline.at(-1)?.state === 'ip-polling');
      await it.disk.fill();
      const error = await booting;
      const folder = join(it.disk.path, 'qemu', it.vm()?.name ?? '');
      expect(error).toMatchObject({
        code: 'DISK_FULL',
        message: expect.stringContaining(`in ${folder}: 0 MiB free`) as string,
        facts: { path: folder, freeMiB: 0, guest: it.vm()?.name },
        hint: expect.stringContaining(`df -h ${folder}`) as string,
      });
      expect(it.lines).toContainEqual(
        expect.stringContaining("stands still, because this host's disk is full"),
      );
      await it.disk.empty();
      expect(await it.left()).toEqual({ ...NOTHING, disk: [] });
    });

    it('lets a VM at work wait for room, and ends it only where none comes, and leaves nothing', async () => {
      await using it = await onSmallDisk();
      const { vm } = await it.substrate.bootHarness({ envs: {} });
      const session = sessions.get(vm.name);
      if (!session) throw new Error(`${vm.name} is not known`);
      const write = () =>
        execInGuest(session, WRITE, { timeoutMs: NEVER_MS, signal: AbortSignal.timeout(10 * 60_000) });

      await it.disk.fill();
      const writing = write();
      await until('it stands still', () => it.told('stands still') === 1);
      await it.disk.empty();
      expect(await writing).toContain('done');
      expect([it.told('goes on'), vm.tags.has('ready'), vm.failure]).toEqual([1, true, undefined]);

      await it.disk.fill();
      const failed = Promise.withResolvers<unknown>();
      vm.on((event) => event.type === 'failed' && failed.resolve(event));
      const inVain = rejection(write());
      expect(await failed.promise).toMatchObject({ failure: { step: 'healthy', code: 'DISK_FULL' } });
      expect(it.told('stands still')).toBe(2);
      await inVain;
      await it.disk.empty();
      await it.substrate.dispose();
      expect(await it.left()).toEqual({ ...NOTHING, disk: [] });
    });
  },
);
