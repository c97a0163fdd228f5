import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MemorySnapshots } from '../../../src/drivers/driver.ts';
import { newGuestName } from '../../../src/drivers/guest-name.ts';
import { withLock } from '../../../src/drivers/lock.ts';
import { createQemuDriver, type QemuOptions } from '../../../src/drivers/qemu/index.ts';
import { startTimeOf } from '../../../src/process/end-process.ts';
import { spawnDetached } from '../../../src/process/spawn-detached.ts';
import { isRunning } from '../../helpers/processes.ts';
import { until } from '../../helpers/until.ts';
import { setUp } from './scripted-driver.ts';
import { commandsOf, scriptedQemu, type QemuScript } from './scripted-qemu.ts';

const { signal } = new AbortController();
const KEY = 'template-of-a-test';

/** A guest that runs and can be saved. */
async function started(
  script: QemuScript = {},
  { snapshotable = true, ...options }: QemuOptions & { snapshotable?: boolean } = {},
) {
  const vm = await setUp(script, options);
  await vm.driver.clone({ ...vm.request, snapshotable }, signal);
  const { pid } = await vm.driver.start(vm.guest, signal);
  const snapshots = snapshotsOf(vm.driver);
  const template = join(vm.cache, `template-${KEY}`);
  const save = (keepRunning: boolean, saveSignal = signal) =>
    snapshots.save({ guest: vm.guest, key: KEY, keepRunning }, saveSignal);
  const commands = async () =>
    (await commandsOf(vm.qemuBin, vm.guest)).filter((each) => each !== 'human-monitor-command');
  const left = async () => (await readdir(vm.cache)).filter((name) => name.startsWith('template-'));
  return { ...vm, pid, snapshots, template, save, commands, left };
}

function snapshotsOf(driver: { readonly snapshots?: MemorySnapshots }): MemorySnapshots {
  if (!driver.snapshots) throw new Error('no snapshots here');
  return driver.snapshots;
}

test('saves a guest whose memory is a file by moving it, and starts others from it', async () => {
  await using vm = await started();
  await vm.save(false);
  expect(isRunning(vm.pid)).toBe(false);
  expect(await vm.commands()).toEqual(['stop', 'migrate-set-capabilities', 'migrate', 'quit']);
  expect(await vm.driver.list()).toEqual([{ name: vm.guest, running: false }]);
  expect((await readdir(vm.template)).toSorted()).toEqual([
    'disk.qcow2',
    'memory',
    'overlay.qcow2',
    'seed',
    'state',
    'template.json',
  ]);
  expect((await stat(join(vm.template, 'memory'))).size).toBe(256 * 1024 ** 2);
  expect(await vm.left()).toEqual([`template-${KEY}`]);
  await vm.driver.delete(vm.guest);
  expect([await vm.snapshots.has(KEY, signal), await vm.snapshots.list()]).toEqual([true, [KEY]]);

  const guests = [newGuestName(), newGuestName()] as const;
  const forks = await Promise.all(guests.map((guest) => vm.snapshots.fork({ guest, key: KEY }, signal)));
  expect(forks.every(({ pid }) => isRunning(pid))).toBe(true);
  expect(await commandsOf(vm.qemuBin, guests[0])).toEqual([
    'human-monitor-command',
    'migrate-set-capabilities',
    'migrate-incoming',
    'cont',
  ]);
  expect(await readFile(join(vm.folder, '..', guests[0], 'loaded'), 'utf8')).toBe(
    'saved {"x-ignore-shared":true,"pause-before-switchover":false,"events":true}',
  );
  const ports = await Promise.all(guests.map((guest) => vm.driver.address(guest, signal)));
  expect(new Set(ports.flatMap((address) => Object.values(address?.ports ?? {}))).size).toBe(4);
  await vm.driver.stop(guests[0], 0);
  expect(await vm.driver.list()).toEqual(
    guests
      .map((name) => ({ name, running: name !== guests[0] }))
      .toSorted((a, b) => a.name.localeCompare(b.name)),
  );
  await Promise.all(guests.map((guest) => vm.driver.delete(guest)));
  expect(await vm.guests()).toEqual([]);
  await vm.snapshots.remove(KEY);
  await vm.snapshots.remove(KEY);
  expect([await vm.snapshots.has(KEY, signal), await vm.left()]).toEqual([false, []]);
});

test.each([
  ['only when its memory is written', 'kvm', []],
  ['before its memory is written where it is emulated', 'tcg', ['stop']],
] as const)(
  'stops a guest that is to run on %s, and freezes its disk meanwhile',
  async (_, accelerator, first) => {
    const told: string[] = [];
    const log = (line: string) => told.push(line);
    await using vm = await started({}, { snapshotable: false, accelerator, log });
    await vm.save(true);
    expect(isRunning(vm.pid)).toBe(true);
    const expected = [
      'migrate-set-capabilities',
      'migrate-set-parameters',
      ...first,
      'migrate',
      'blockdev-snapshot-sync',
      'migrate-continue',
      'cont',
    ];
    expect(await vm.commands()).toEqual(expected);
    expect(told).toContain(`${vm.guest} stood still for 7 ms while it was saved`);
    const settings = JSON.parse(await readFile(join(vm.folder, 'guest.json'), 'utf8')) as { disk: string };
    expect(settings.disk).toBe('disk-1.qcow2');
    expect(await commandsOf(vm.qemuBin, `${vm.guest}-template`)).toEqual([
      'migrate-set-capabilities',
      'migrate-incoming',
      'migrate-set-capabilities',
      'migrate',
      'quit',
    ]);
    expect(await readdir(vm.template)).toEqual([
      'disk.qcow2',
      'memory',
      'overlay.qcow2',
      'seed',
      'state',
      'template.json',
    ]);
    expect([await vm.left(), await vm.snapshots.has(KEY, signal)]).toEqual([[`template-${KEY}`], true]);
    const guest = newGuestName();
    await vm.snapshots.fork({ guest, key: KEY }, signal);
  },
);

test.each([true, false])(
  'leaves neither template nor process of a save that was cancelled: runs on %s',
  async (keepRunning) => {
    await using vm = await started({ savesForever: true });
    const abort = new AbortController();
    const saving = vm.save(keepRunning, abort.signal);
    await until('it saves', async () => (await vm.commands()).includes('migrate'));
    abort.abort();
    await expect(saving).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await vm.left()).toEqual([]);
    expect((await vm.commands()).slice(-2)).toEqual(['migrate_cancel', 'cont']);
    await vm.driver.delete(vm.guest);
    expect([isRunning(vm.pid), await vm.guests()]).toEqual([false, []]);
  },
);

test('leaves no process of a save that was cancelled while its memory was put into a file', async () => {
  await using vm = await started({ loadsForever: true });
  const abort = new AbortController();
  const saving = vm.save(true, abort.signal);
  const maker = `${vm.guest}-template`;
  await until('it loads', async () => (await commandsOf(vm.qemuBin, maker)).includes('migrate-incoming'));
  const [temp = ''] = (await vm.left()).filter((name) => !name.endsWith('.lock'));
  const process = await readFile(join(vm.cache, temp, 'workshop', 'process.json'), 'utf8');
  abort.abort();
  await expect(saving).rejects.toMatchObject({ code: 'ABORTED' });
  expect(isRunning((JSON.parse(process) as { pid: number }).pid)).toBe(false);
  expect([await vm.left(), isRunning(vm.pid)]).toEqual([[], true]);
});

test('leaves neither guest nor process of a fork that was cancelled', async () => {
  await using vm = await started({ loadsForever: true });
  await vm.save(false);
  const abort = new AbortController();
  const guest = newGuestName();
  const forking = vm.snapshots.fork({ guest, key: KEY }, abort.signal);
  await until('it loads', async () => (await commandsOf(vm.qemuBin, guest)).includes('migrate-incoming'));
  const process = await readFile(join(vm.folder, '..', guest, 'process.json'), 'utf8');
  abort.abort();
  await expect(forking).rejects.toMatchObject({ code: 'ABORTED' });
  expect(isRunning((JSON.parse(process) as { pid: number }).pid)).toBe(false);
  await expect(vm.snapshots.fork({ guest, key: KEY }, AbortSignal.abort())).rejects.toMatchObject({
    code: 'ABORTED',
  });
  expect(await vm.guests()).toEqual([vm.guest]);
});

test("passes QEMU's own words on when it cannot load a template, and leaves nothing", async () => {
  const fails = 'qemu-system-x86_64: load of migration failed: Invalid argument';
  await using vm = await started({ failsToLoad: fails });
  await vm.save(false);
  await expect(vm.snapshots.fork({ guest: newGuestName(), key: KEY }, signal)).rejects.toMatchObject({
    code: 'BOOT_FAILED',
    stderrTail: fails,
    hint: expect.stringContaining('remove it') as string,
  });
  expect(await vm.guests()).toEqual([vm.guest]);
});

test("passes QEMU's own words on when it cannot save, and lets the guest run on", async () => {
  await using vm = await started({ failsToSave: 'no such luck' });
  await expect(vm.save(true)).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: 'the guest could not be saved: no such luck',
  });
  expect((await vm.commands()).at(-1)).toBe('cont');
  expect(await vm.left()).toEqual([]);
});

test.each(['memory', 'disk.qcow2'])(
  'takes a template for none, and removes it, when its %s was cut',
  async (name) => {
    await using vm = await started();
    await vm.save(false);
    await truncate(join(vm.template, name), 1024);
    await expect(vm.snapshots.fork({ guest: newGuestName(), key: KEY }, signal)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
    });
    expect([await vm.snapshots.has(KEY, signal), existsSync(vm.template)]).toEqual([false, false]);
  },
);

test('takes a template for none when the image that it rests on has changed', async () => {
  await using vm = await started();
  await vm.save(false);
  await appendFile(vm.image.ref, 'more');
  expect([await vm.snapshots.has(KEY, signal), existsSync(vm.template)]).toEqual([false, false]);
});

test.each([
  ['version', { version: '9.0.1' }, {}],
  ['accelerator', {}, { accelerator: 'kvm' as const }],
])('takes a template for none that another %s has made', async (_, script, options) => {
  await using vm = await started();
  await vm.save(false);
  const qemuBin = await scriptedQemu(vm.folder, script);
  const other = snapshotsOf(createQemuDriver({ ...vm.options, qemuBin, ...options }));
  expect([await other.has(KEY, signal), existsSync(vm.template)]).toEqual([false, false]);
});

test('leaves a template alone that was put in its place while it was looked at', async () => {
  await using vm = await started();
  await vm.save(false);
  const manifest = join(vm.template, 'template.json');
  const whole = await readFile(manifest, 'utf8');
  await writeFile(manifest, whole.replace('7.2.22', '7.2.21'));
  // As another process that saves it holds it.
  const waiting = { signal, log: () => undefined, timeoutMs: 60_000 };
  await withLock(`${vm.template}.lock`, waiting, async () => {
    expect(await vm.snapshots.has(KEY, signal)).toBe(false);
    await writeFile(manifest, whole);
  });
  expect(await vm.snapshots.has(KEY, signal)).toBe(true);
});

test('refuses to save with too little space, with both numbers, and leaves the guest running', async () => {
  await using vm = await started();
  const full = snapshotsOf(createQemuDriver({ ...vm.options, minFreeMiB: 1_000_000_000 }));
  await expect(full.save({ guest: vm.guest, key: KEY, keepRunning: false }, signal)).rejects.toMatchObject({
    code: 'DISK_FULL',
    facts: { neededMiB: 1_000_000_256, freeMiB: expect.any(Number) as number },
  });
  expect(isRunning(vm.pid)).toBe(true);
});

test('saves nothing of a guest that does not run, or under a name that leaves the cache', async () => {
  await using vm = await started();
  await expect(
    vm.snapshots.save({ guest: vm.guest, key: '../elsewhere', keepRunning: false }, signal),
  ).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await vm.driver.stop(vm.guest, 0);
  await expect(vm.save(false)).rejects.toMatchObject({ code: 'GUEST_EXITED' });
  await expect(vm.snapshots.fork({ guest: vm.guest, key: KEY }, signal)).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
  });
});

test('never forks onto a guest that is there', async () => {
  await using vm = await started();
  await vm.save(false);
  await expect(vm.snapshots.fork({ guest: vm.guest, key: KEY }, signal)).rejects.toMatchObject({
    code: 'NAME_TAKEN',
  });
  expect(await vm.guests()).toEqual([vm.guest]);
});

test('clears away what killed processes left, with the QEMU that they had at work, and nothing of those that live', async () => {
  await using vm = await started();
  const dead = await spawnDetached('true', [], { logFile: join(vm.folder, 'log') });
  await dead.exited;
  const sleeping = [`template-${KEY}.tmp-${process.pid}-0a`, `template-of-another.tmp-${dead.pid}-0b`].map(
    async (name) => {
      const workshop = join(vm.cache, name, 'workshop');
      await mkdir(workshop, { recursive: true });
      const { pid, exited } = await spawnDetached('sleep', ['60'], { logFile: join(workshop, 'log') });
      const run = { pid, startTime: await startTimeOf(pid), ports: {} };
      await writeFile(join(workshop, 'process.json'), JSON.stringify(run));
      return { exited };
    },
  );
  const ended = (await Promise.all(sleeping)).map(({ exited }) => exited);
  const alive = `template-of-another.tmp-${process.pid}-0c`;
  await mkdir(join(vm.cache, alive));
  await vm.save(false);
  await Promise.all(ended);
  expect(await vm.left()).toEqual([alive, `template-${KEY}`].toSorted());
});
