import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCacheDir } from '../src/drivers/folders.ts';
import type { Accelerator } from '../src/drivers/qemu/args.ts';
import { hostArch } from '../src/drivers/qemu/host.ts';
import type { Artifact } from '../src/drivers/qemu/images/artifact.ts';
import { resolveArtifact } from '../src/drivers/qemu/images/resolve.ts';
import { createQemuDriver } from '../src/drivers/qemu/index.ts';

export const BASE_IMAGE = 'debian:12';

/** Folders of the benchmark's own, in which there is a built image, and what was prepared before only where it is asked for. */
export interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  /** The built image, without Node. */
  readonly built: Artifact;
  readonly accelerator: Accelerator;
}

const BUILT = /^(debian-12-[0-9a-f]+|accelerator-[0-9a-f]+)$/;
const PREPARED = /^(debian-12-[0-9a-f]+|accelerator-[0-9a-f]+|kept-[0-9a-f]+)$/;

/** Builds the image in this host's cache if need be, so that only the first run waits for it. */
export async function makePlace(
  signal: AbortSignal,
  say: (line: string) => void,
  { sharesPrepared = false }: { readonly sharesPrepared?: boolean } = {},
): Promise<Place> {
  const options = { signal, log: say };
  const driver = createQemuDriver({ log: say });
  await driver.resolveImage(BASE_IMAGE, options);
  const built = await resolveArtifact(BASE_IMAGE, { cacheDir: defaultCacheDir(), arch: hostArch() }, options);
  const folder = await mkdtemp(join(tmpdir(), 'vzvm-bench-'));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    const [stateDir, cacheDir] = [join(folder, 'state'), join(folder, 'cache')];
    await mkdir(stateDir);
    await shareImages(join(cacheDir, 'qemu'), sharesPrepared ? PREPARED : BUILT);
    const accelerator = (driver.accelerator ?? 'tcg') as Accelerator;
    return { folder, stateDir, cacheDir, built, accelerator, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function shareImages(target: string, wanted: RegExp): Promise<void> {
  const images = join(defaultCacheDir(), 'qemu');
  await mkdir(target, { recursive: true });
  const shared = (await readdir(images)).filter((name) => wanted.test(name));
  await Promise.all(shared.map((name) => symlink(join(images, name), join(target, name))));
}
