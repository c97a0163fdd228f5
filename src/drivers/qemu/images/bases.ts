import { readdir, rename, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { BaseImage } from '../../driver.ts';
import { demandKey, removeFiles } from '../../kept.ts';
import type { HostArch } from '../host.ts';
import { debianMirror } from '../mirror.ts';
import { manifestOf, readManifest } from './artifact.ts';
import { builtKey } from './build.ts';
import { RECIPES } from './recipe.ts';

/** Where built images are, and what rests on them. */
export interface BaseStore {
  readonly cacheDir: string;
  readonly arch: HostArch;
  /** Paths of all disks that something on this host rests on. */
  readonly inUse: () => Promise<readonly string[]>;
}

/** Built images of every recipe that there ever was, the last used first. */
export async function listBases(store: BaseStore): Promise<readonly BaseImage[]> {
  const names = await readdir(imagesOf(store)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const [rested, mirror] = [await store.inUse(), await debianMirror()];
  const current = Object.entries(RECIPES).map(([ref, recipe]) => builtKey(ref, recipe, store.arch, mirror));
  const bases = names.filter(isBuilt).map(async (key): Promise<BaseImage | undefined> => {
    const folder = join(imagesOf(store), key);
    const used = await stat(manifestOf(folder)).catch(() => undefined); // Half a build, or removed meanwhile.
    if (!used || !(await readManifest(folder))) return undefined;
    return {
      key,
      bytes: await bytesIn(folder),
      usedAt: Math.round(used.mtimeMs),
      inUse: rested.some((path) => path.startsWith(folder + sep)),
      isOutdated: !current.includes(key),
    };
  });
  const known = (await Promise.all(bases)).filter((each) => each !== undefined);
  return known.toSorted((one, other) => other.usedAt - one.usedAt);
}

/** Moved aside first: nobody finds half of it. */
export async function removeBase(store: BaseStore, key: string): Promise<void> {
  demandKey(key);
  if (!isBuilt(key)) return;
  const aside = join(imagesOf(store), `${key}.tmp-${randomUUID()}`);
  try {
    await rename(join(imagesOf(store), key), aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await removeFiles(aside);
}

/** Bytes on the host's disk of the files in a folder. */
export async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []); // Not there.
  const blocks = names.map(async (name) => {
    const file = await stat(join(folder, name)).catch(() => undefined); // Removed meanwhile.
    return (file?.blocks ?? 0) * 512;
  });
  return (await Promise.all(blocks)).reduce((sum, bytes) => sum + bytes, 0);
}

/** Whether a folder's name is that of a built image. */
function isBuilt(name: string): boolean {
  return Object.keys(RECIPES).some((ref) => {
    const prefix = `${ref.replaceAll(/[^a-z0-9]+/g, '-')}-`;
    return name.startsWith(prefix) && /^[0-9a-f]{12}$/.test(name.slice(prefix.length));
  });
}

const imagesOf = ({ cacheDir }: BaseStore): string => join(cacheDir, 'qemu');
