import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { newGuestName } from '../../../src/drivers/guest-name.ts';
import { createQemuDriver } from '../../../src/drivers/qemu/index.ts';
import { run } from '../../../src/process/run.ts';
import { isRunning } from '../../helpers/processes.ts';
import { until } from '../../helpers/until.ts';
import { tempDir } from '../../helpers/temp.ts';
import { setUp } from './scripted-driver.ts';

const { signal } = new AbortController();

test('runs a guest from clone to delete and leaves nothing', async () => {
  await using vm = await setUp();
  const { driver, guest } = vm;
  await driver.clone(vm.request, signal);
  expect((await stat(vm.folder)).mode & 0o777).toBe(0o700);
  expect(await driver.list()).toEqual([{ name: guest, running: false }]);
  expect(await driver.address(guest, signal)).toBeUndefined();

  const started = await driver.start(guest, signal);
  expect(isRunning(started.pid)).toBe(true);
  expect(await driver.list()).toEqual([{ name: guest, running: true }]);
  const address = await driver.address(guest, signal);
  expect(Object.keys(address?.ports ?? {})).toEqual(['22', '7700']);
  expect(await text(await driver.dial(guest, 7700, signal))).toBe('port 7700\n');
  await expect(driver.dial(guest, 80, signal)).rejects.toMatchObject({
    code: 'DIAL_FAILED',
    retry: 'unsafe',
  });
  expect(await driver.consoleTail(guest)).toBe('booted\nvm login:');

  await driver.stop(guest, 30_000);
  expect(await started.exited).toMatchObject({ code: 0, signal: null });
  expect(isRunning(started.pid)).toBe(false);
  await expect(driver.dial(guest, 22, signal)).rejects.toMatchObject({ code: 'DIAL_FAILED', retry: 'safe' });
  await driver.stop(guest, 30_000);
  await driver.delete(guest);
  await driver.delete(guest);
  expect(await vm.guests()).toEqual([]);
  expect(await driver.list()).toEqual([]);
});

test('ends a guest that neither powers down nor minds SIGTERM, started by another driver', async () => {
  await using vm = await setUp({ ignoresPowerdown: true, ignoresTerm: true });
  await vm.driver.clone(vm.request, signal);
  const started = await vm.driver.start(vm.guest, signal);
  const other = createQemuDriver(vm.options);
  await other.stop(vm.guest, 50);
  expect(isRunning(started.pid)).toBe(false);
  expect(await started.exited).toMatchObject({ code: null, signal: 'SIGKILL' });
});

test('deletes a guest that still runs', async () => {
  await using vm = await setUp();
  await vm.driver.clone(vm.request, signal);
  const started = await vm.driver.start(vm.guest, signal);
  await vm.driver.delete(vm.guest);
  expect(isRunning(started.pid)).toBe(false);
  expect(await vm.guests()).toEqual([]);
});

test('never overwrites a guest', async () => {
  await using vm = await setUp();
  await vm.driver.clone(vm.request, signal);
  await expect(vm.driver.clone(vm.request, signal)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  expect(existsSync(join(vm.folder, 'disk.qcow2'))).toBe(true);
});

test('refuses a clone with too little space, with both numbers, and leaves nothing', async () => {
  await using vm = await setUp({}, { minFreeMiB: 1_000_000_000 });
  await expect(vm.driver.clone(vm.request, signal)).rejects.toMatchObject({
    code: 'DISK_FULL',
    facts: { neededMiB: 1_000_000_000, freeMiB: expect.any(Number) as number },
  });
  expect(await vm.guests()).toEqual([]);
});

test('makes the disk as large as it is asked to, and never smaller than the image', async () => {
  await using vm = await setUp();
  await vm.driver.clone({ ...vm.request, resources: { ...vm.request.resources, diskGiB: 3 } }, signal);
  const args = ['info', '--output=json', join(vm.folder, 'disk.qcow2')];
  const { stdout } = await run('qemu-img', args, { timeoutMs: 30_000 });
  expect(JSON.parse(stdout)).toMatchObject({ 'virtual-size': 3 * 1024 ** 3 });
});

test('leaves nothing of a clone that was cancelled', async () => {
  await using vm = await setUp();
  const abort = new AbortController();
  const cloning = vm.driver.clone(vm.request, abort.signal);
  setImmediate(() => abort.abort());
  await expect(cloning).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(vm.driver.clone(vm.request, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await vm.guests().catch(() => [])).toEqual([]);
});

test.each([
  ['no such option', 'BOOT_FAILED'],
  ['qemu: write failed: No space left on device', 'DISK_FULL'],
  ["qemu: -netdev user: Could not set up host forwarding rule 'tcp::22-:22'", 'PORT_TAKEN'],
  ['Could not access KVM kernel module: Permission denied', 'PERMISSION_DENIED'],
  ['cannot set up guest memory: Cannot allocate memory', 'BOOT_FAILED'],
])('tells why QEMU ended at once: %s', async (fails, code) => {
  await using vm = await setUp({ fails });
  await vm.driver.clone(vm.request, signal);
  await expect(vm.driver.start(vm.guest, signal)).rejects.toMatchObject({
    code,
    exitCode: 1,
    stderrTail: fails,
    hint: expect.any(String) as string,
  });
  expect(await vm.driver.list()).toEqual([{ name: vm.guest, running: false }]);
});

test('leaves no process of a start that was cancelled', async () => {
  await using vm = await setUp({ isMute: true });
  await vm.driver.clone(vm.request, signal);
  const abort = new AbortController();
  const starting = vm.driver.start(vm.guest, abort.signal);
  await until('it runs', async () => (await vm.driver.list())[0]?.running === true);
  abort.abort();
  await expect(starting).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await vm.driver.list()).toEqual([{ name: vm.guest, running: false }]);
});

/** So long that a path may be that is to be a socket's. */
const LONGEST = 103;

test.each([
  ['both sockets', 1],
  ['the longer of its sockets', 0],
])('reaches a guest in a folder whose path is too long for %s, and removes them', async (_, more) => {
  await using temp = await tempDir();
  const rest = join(temp.path, 'qemu', newGuestName(), 'qmp.sock').length + 1;
  const stateDir = join(temp.path, 'x'.repeat(LONGEST - rest + more));
  await using vm = await setUp({}, { stateDir });
  await vm.driver.clone(vm.request, signal);
  await vm.driver.start(vm.guest, signal);
  const settings = join(stateDir, 'qemu', vm.guest, 'guest.json');
  const { qmp } = JSON.parse(await readFile(settings, 'utf8')) as { qmp: string };
  expect(existsSync(qmp)).toBe(true);
  expect(qmp.startsWith(stateDir)).toBe(false);
  await vm.driver.delete(vm.guest);
  expect(existsSync(join(qmp, '..'))).toBe(false);
});

test('refuses a second start of a running guest, and one of a guest that is not there', async () => {
  await using vm = await setUp();
  await vm.driver.clone(vm.request, signal);
  const started = await vm.driver.start(vm.guest, signal);
  await expect(vm.driver.start(vm.guest, signal)).rejects.toMatchObject({ code: 'BOOT_FAILED' });
  expect(isRunning(started.pid)).toBe(true);
  await expect(vm.driver.start(newGuestName(), signal)).rejects.toMatchObject({ code: 'BOOT_FAILED' });
});

test('takes no name that could leave its folder, and lists none that is not ours', async () => {
  await using vm = await setUp();
  await vm.driver.clone(vm.request, signal);
  await expect(vm.driver.clone({ ...vm.request, guest: '../x' }, signal)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
  await expect(vm.driver.delete('..')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
