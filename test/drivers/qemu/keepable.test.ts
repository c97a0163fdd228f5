import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { KeepRequest } from '../../../src/drivers/driver.ts';
import { run } from '../../../src/process/run.ts';
import { setUp } from './scripted-driver.ts';

const { signal } = new AbortController();
const KEY = 'a-test-image';

type SetUp = Awaited<ReturnType<typeof setUp>>;
const requestOf = ({ guest, image }: SetUp): KeepRequest => ({
  guest,
  key: KEY,
  base: image,
  description: '',
  login: { user: 'agent' },
});

test('keeps the disk of a guest that rests on its image alone', async () => {
  await using vm = await setUp();
  await vm.driver.clone(vm.request, signal);
  await vm.driver.keepImage(requestOf(vm), signal);
  expect(await vm.driver.findImage(KEY, signal)).toMatchObject({ digest: `kept:${KEY}` });
});

test('refuses a disk that was frozen before: what it rests on goes with its guest', async () => {
  await using vm = await setUp();
  await vm.driver.clone(vm.request, signal);
  const second = ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', 'disk.qcow2', 'disk-1.qcow2'];
  await run('qemu-img', second, { timeoutMs: 30_000, cwd: vm.folder });
  const file = join(vm.folder, 'guest.json');
  const settings = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...settings, disk: 'disk-1.qcow2' }));
  await expect(vm.driver.keepImage(requestOf(vm), signal)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(await vm.driver.findImage(KEY, signal)).toBeUndefined();
});

test('refuses a disk that rests on another than its image, as the one of a fork does', async () => {
  await using vm = await setUp();
  await vm.driver.clone(vm.request, signal);
  const other = join(vm.folder, '..', 'other.qcow2');
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', other, '16M'], { timeoutMs: 30_000 });
  const args = ['rebase', '-u', '-F', 'qcow2', '-b', other, 'disk.qcow2'];
  await run('qemu-img', args, { timeoutMs: 30_000, cwd: vm.folder });
  await expect(vm.driver.keepImage(requestOf(vm), signal)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});
