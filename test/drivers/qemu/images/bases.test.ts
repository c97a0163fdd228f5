import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtKey } from '../../../../src/drivers/qemu/images/build.ts';
import { hostArch } from '../../../../src/drivers/qemu/host.ts';
import { debianMirror } from '../../../../src/drivers/qemu/mirror.ts';
import { RECIPES } from '../../../../src/drivers/qemu/images/recipe.ts';
import { setUp } from '../scripted-driver.ts';

const { signal } = new AbortController();
const OLD = 'debian-12-0123456789ab';

async function put(cache: string, key: string): Promise<void> {
  await mkdir(join(cache, key), { recursive: true });
  const manifest = { digest: 'sha256:1', format: 'qcow2', virtualBytes: 1 };
  await writeFile(join(cache, key, 'image.json'), JSON.stringify(manifest));
  await writeFile(join(cache, key, 'disk.qcow2'), 'x'.repeat(8192));
  await utimes(join(cache, key, 'image.json'), 1, 1);
}

test('tells built images of older recipes from those of today, and removes what it is told to', async () => {
  await using vm = await setUp();
  const recipe = RECIPES['debian:12'];
  if (!recipe) throw new Error('no recipe');
  const today = builtKey('debian:12', recipe, hostArch(), await debianMirror());
  for (const key of [OLD, today, 'debian-12-half-a-name', 'template-0123456789ab']) await put(vm.cache, key);
  await mkdir(join(vm.cache, 'debian-12-ffffffffffff'));
  const bases = await vm.driver.bases?.list();
  const outdated = Object.fromEntries((bases ?? []).map(({ key, isOutdated }) => [key, isOutdated]));
  expect(outdated).toEqual({ [OLD]: true, [today]: false });
  expect(bases?.[0]).toMatchObject({ usedAt: 1000, inUse: false });
  expect(bases?.[0]?.bytes).toBeGreaterThanOrEqual(8192);
  for (const key of [OLD, 'template-0123456789ab', 'debian-12-eeeeeeeeeeee'])
    await vm.driver.bases?.remove(key);
  await expect(vm.driver.bases?.remove('../elsewhere')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  expect([OLD, today, 'template-0123456789ab'].map((key) => existsSync(join(vm.cache, key)))).toEqual([
    false,
    true,
    true,
  ]);
});

test('knows an image that a guest rests on, as long as there is the guest', async () => {
  await using vm = await setUp();
  await vm.driver.clone(vm.request, signal);
  await vm.driver.keepImage(
    { guest: vm.guest, key: 'kept-by-a-test', base: vm.image, description: '', login: { user: 'admin' } },
    signal,
  );
  const inUse = async () => (await vm.driver.listImages()).map((image) => image.inUse);
  expect(await inUse()).toEqual([false]);
  const image = await vm.driver.findImage('kept-by-a-test', signal);
  if (!image) throw new Error('nothing was kept');
  const guest = vm.guest.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  await vm.driver.clone({ ...vm.request, image, guest }, signal);
  expect(await inUse()).toEqual([true]);
  await vm.driver.delete(guest);
  expect(await inUse()).toEqual([false]);
});
