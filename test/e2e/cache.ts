import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDir } from '../../src/drivers/folders.ts';
import { VZVMSubstrate } from '../../src/index.ts';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';

/** A cache that has the built image of this host, and the image that is prepared from it, but no template. */
export async function preparedCache(folder: string): Promise<string> {
  await new VZVMSubstrate({ driver: 'qemu', fork: 'never' }).prepareImage();
  return freshCache(folder, /^kept-[0-9a-f]+$/);
}

/** A cache that has the built image of this host, and nothing that was prepared before. */
export async function freshCache(folder: string, more?: RegExp): Promise<string> {
  const options = { signal: AbortSignal.timeout(20 * 60_000), log: () => undefined };
  await createQemuDriver().resolveImage('debian:12', options);
  const images = join(defaultCacheDir(), 'qemu');
  const fresh = join(folder, 'cache', 'qemu');
  await mkdir(fresh, { recursive: true });
  const shared = (await readdir(images)).filter(
    (name) => /^(debian-12-[0-9a-f]+|accelerator-[0-9a-f]+)$/.test(name) || more?.test(name),
  );
  await Promise.all(shared.map((name) => symlink(join(images, name), join(fresh, name))));
  return join(folder, 'cache');
}
