import { randomUUID } from 'node:crypto';
import { chmod, copyFile, link, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { VzvmError } from '../../../errors.ts';
import type { Image, KeepRequest, KeptImage } from '../../driver.ts';
import {
  demandKey,
  keptSchema,
  listRecords,
  markUsed,
  newRecord,
  readRecord,
  removeFiles,
  writeRecord,
} from '../../kept.ts';
import { demandFreeMiB, diskFull } from '../../disk-space.ts';
import type { Artifact } from './artifact.ts';
import { withLock } from '../../lock.ts';

const PREFIX = 'kept-';
const DISK = 'disk.qcow2';
const RECORD = 'kept.json';
const LOCK_TIMEOUT_MS = 60_000;
const MIB = 1024 * 1024;

/** What tells one content of a file from another without reading it. */
const stamp = z.object({ path: z.string(), size: z.number(), mtimeMs: z.number() });

const record = keptSchema.extend({
  disk: stamp.omit({ path: true }),
  /** The disk takes what it has not changed from here. */
  backing: stamp,
  virtualBytes: z.number(),
  boot: z.object({ kernel: z.string(), initrd: z.string() }).exactOptional(),
  user: z.string(),
});

/** Where kept images are. */
export interface KeptStore {
  readonly cacheDir: string;
}

/** A guest's disk that no longer changes, and what it rests on. */
export interface FrozenDisk {
  readonly file: string;
  readonly base: Artifact;
}

/** The artifact of an image kept under a key; undefined when there is none that is whole. */
export async function findKept(store: KeptStore, key: string): Promise<Artifact | undefined> {
  demandKey(key);
  const folder = folderOf(store, key);
  const known = await readRecord(join(folder, RECORD), record);
  if (!known) return undefined;
  const isWhole = await matches(join(folder, DISK), known.disk);
  if (!isWhole || !(await matches(known.backing.path, known.backing))) {
    await removeFiles(folder);
    return undefined;
  }
  await markUsed(join(folder, RECORD));
  return artifactOf(known, folder);
}

/** Keeps a frozen disk. One that is kept under the key already stays. */
export async function keepDisk(
  store: KeptStore,
  request: KeepRequest,
  freeze: () => Promise<FrozenDisk>,
  signal: AbortSignal,
): Promise<void> {
  demandKey(request.key);
  const folder = folderOf(store, request.key);
  const lock = { signal, timeoutMs: LOCK_TIMEOUT_MS, log: () => undefined };
  const work = async () => {
    if (await findKept(store, request.key)) return;
    const temp = `${folder}.tmp-${randomUUID()}`;
    await removeLeftovers(store, `${PREFIX}${request.key}.tmp-`);
    try {
      await mkdir(temp, { recursive: true, mode: 0o700 });
      await fill(temp, request, await freeze());
      await removeFiles(folder);
      await rename(temp, folder);
    } finally {
      await removeFiles(temp);
    }
  };
  // The lock is a file, too, for which there may be no space.
  await withLock(`${folder}.lock`, lock, work).catch((error: unknown) => {
    throw keepError(error, folder);
  });
}

/** The lock of whoever makes the image of a key. */
export function buildLock(store: KeptStore, key: string): string {
  demandKey(key);
  return `${folderOf(store, key)}.build`;
}

/** All kept images, the last used first. */
export function listKept(store: KeptStore): Promise<readonly KeptImage[]> {
  return listRecords(imagesOf(store), (entry) =>
    entry.startsWith(PREFIX) && !entry.includes('.') ? join(entry, RECORD) : undefined,
  );
}

/** Paths of the disks that kept images rest on. */
export async function backingsOfKept(store: KeptStore): Promise<readonly string[]> {
  const all = (await listKept(store)).map(({ key }) =>
    readRecord(join(folderOf(store, key), RECORD), record),
  );
  return (await Promise.all(all)).flatMap((known) => (known ? [known.backing.path] : []));
}

/** The path of a kept image's disk. */
export const keptDisk = (store: KeptStore, key: string): string => join(folderOf(store, key), DISK);

/** Removes one. Guests that run from it hold its files open. */
export async function removeKept(store: KeptStore, key: string): Promise<void> {
  demandKey(key);
  await removeFiles(folderOf(store, key));
}

async function fill(temp: string, request: KeepRequest, { file, base }: FrozenDisk): Promise<void> {
  const disk = join(temp, DISK);
  await takeFile(file, disk);
  await chmod(disk, 0o400);
  const { size, mtimeMs, blocks } = await stat(disk);
  const backing = await stat(base.disk);
  await writeRecord(join(temp, RECORD), {
    ...newRecord(request, blocks * 512),
    disk: { size, mtimeMs },
    backing: { path: base.disk, size: backing.size, mtimeMs: backing.mtimeMs },
    virtualBytes: base.virtualBytes,
    ...(base.boot ? { boot: base.boot } : {}),
    user: request.login.user,
  } as z.infer<typeof record>);
}

/** A second name where both are on one file system, else a copy. On the host's disk before anything says that it is there. */
async function takeFile(file: string, target: string): Promise<void> {
  const source = await open(file, 'r');
  try {
    await source.datasync();
  } finally {
    await source.close();
  }
  try {
    await link(file, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await demandFreeMiB(target, Math.ceil((await stat(file)).size / MIB), 'a prepared image');
    await copyFile(file, target, constants.COPYFILE_FICLONE);
  }
}

function artifactOf(known: z.infer<typeof record>, folder: string): Artifact {
  const image: Image = {
    ref: known.base,
    digest: `kept:${known.key}`,
    acceptsKey: true,
    login: { user: known.user },
  };
  return {
    image,
    disk: join(folder, DISK),
    format: 'qcow2',
    virtualBytes: known.virtualBytes,
    ...(known.boot ? { boot: known.boot } : {}),
  };
}

async function matches(file: string, known: { size: number; mtimeMs: number }): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found?.size === known.size && found.mtimeMs === known.mtimeMs;
}

async function removeLeftovers(store: KeptStore, prefix: string): Promise<void> {
  const names = (await readdir(imagesOf(store))).filter((name) => name.startsWith(prefix));
  await removeFiles(...names.map((name) => join(imagesOf(store), name)));
}

const imagesOf = ({ cacheDir }: KeptStore): string => join(cacheDir, 'qemu');
const folderOf = (store: KeptStore, key: string): string => join(imagesOf(store), `${PREFIX}${key}`);

function keepError(error: unknown, folder: string): unknown {
  if (error instanceof VzvmError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder, 'a prepared image', {}, error);
  return new VzvmError('IMAGE_BUILD_FAILED', `the prepared image could not be put into ${folder}`, {
    facts: { folder },
    hint: 'set VZVM_CACHE to a folder that you may write to',
    cause: error,
  });
}
