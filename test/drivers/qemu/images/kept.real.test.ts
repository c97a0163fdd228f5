import { appendFile, chmod, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newGuestName } from '../../../../src/drivers/guest-name.ts';
import { setUp } from '../scripted-driver.ts';

const { signal } = new AbortController();
const KEY = 'kept-by-a-test';

/** A driver that has kept a guest's disk. */
async function kept() {
  const vm = await setUp();
  const folder = join(vm.cache, `kept-${KEY}`);
  const keep = async () => {
    const guest = newGuestName();
    await vm.driver.clone({ ...vm.request, guest }, signal);
    const request = { guest, key: KEY, base: vm.image, description: '', login: { user: 'admin' } };
    await vm.driver.keepImage(request, signal);
    await vm.driver.delete(guest);
  };
  await keep();
  return { ...vm, kept: folder, keep };
}
type Kept = Awaited<ReturnType<typeof kept>>;

test.each<[string, (vm: Kept) => Promise<void>]>([
  [
    'its disk was cut',
    async (vm) => {
      await chmod(join(vm.kept, 'disk.qcow2'), 0o600);
      await truncate(join(vm.kept, 'disk.qcow2'), 1000);
    },
  ],
  ['its disk was written to', (vm) => utimes(join(vm.kept, 'disk.qcow2'), 1, 1)],
  ['its disk is gone', (vm) => rm(join(vm.kept, 'disk.qcow2'))],
  ['its record was cut', (vm) => truncate(join(vm.kept, 'kept.json'), 10)],
  ['its record is no record', (vm) => writeFile(join(vm.kept, 'kept.json'), '{}')],
  ['the image that it rests on has changed', (vm) => appendFile(vm.image.ref, 'more')],
  ['the image that it rests on is gone', (vm) => rm(vm.image.ref)],
])('takes a kept image for none when %s', async (_, damage) => {
  await using vm = await kept();
  expect(await vm.driver.findImage(KEY, signal)).toMatchObject({ digest: `kept:${KEY}` });
  await damage(vm);
  expect(await vm.driver.findImage(KEY, signal)).toBeUndefined();
});

test.each(['disk.qcow2', 'kept.json'])('is made anew in the place of one whose %s was cut', async (name) => {
  await using vm = await kept();
  await chmod(join(vm.kept, name), 0o600);
  await truncate(join(vm.kept, name), 10);
  expect(await vm.driver.findImage(KEY, signal)).toBeUndefined();
  await vm.keep();
  const image = await vm.driver.findImage(KEY, signal);
  if (!image) throw new Error('it was not made anew');
  await vm.driver.clone({ ...vm.request, image }, signal);
  expect((await readdir(vm.cache)).filter((entry) => entry.startsWith('kept-'))).toEqual([`kept-${KEY}`]);
});
