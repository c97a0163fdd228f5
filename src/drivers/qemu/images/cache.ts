import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { VzvmError } from '../../../errors.ts';
import type { LogLine, ResolveOptions } from '../../driver.ts';
import { markUsed } from '../../kept.ts';
import { manifestOf, readManifest, writeManifest, type Manifest } from './artifact.ts';
import { withLock } from '../../lock.ts';

const LOCK_TIMEOUT_MS = 20 * 60_000;

/** One entry of the cache: a folder that is there as a whole or not at all. */
export interface CacheEntry {
  readonly cacheDir: string;
  /** The folder's name. */
  readonly key: string;
  /** Fills a folder; what it returns is written last. */
  readonly fill: (folder: string, tell: LogLine) => Promise<Manifest>;
}

/**
 * The folder of a cache entry, filled first if need be: by one process at a time, beside its place, then renamed.
 * What a killed filler left is removed by the next.
 */
export async function cached(
  entry: CacheEntry,
  options: ResolveOptions,
): Promise<{ readonly folder: string; readonly manifest: Manifest }> {
  const images = join(entry.cacheDir, 'qemu');
  const folder = join(images, entry.key);
  const known = await readManifest(folder);
  if (known) {
    await markUsed(manifestOf(folder)).catch(() => undefined); // Somebody else's cache serves as well.
    return { folder, manifest: known };
  }
  try {
    const lock = { signal: options.signal, timeoutMs: LOCK_TIMEOUT_MS, log: options.log };
    return await withLock(`${folder}.lock`, lock, async (tell) => {
      const manifest = (await readManifest(folder)) ?? (await fill(entry, { images, folder, tell }));
      return { folder, manifest };
    });
  } catch (error) {
    throw cacheError(error, images);
  }
}

async function fill(
  entry: CacheEntry,
  { images, folder, tell }: { images: string; folder: string; tell: LogLine },
): Promise<Manifest> {
  const prefix = `${entry.key}.tmp-`;
  await removeLeftovers(images, prefix);
  const temp = join(images, `${prefix}${randomUUID()}`);
  await mkdir(temp, { recursive: true });
  try {
    const manifest = await entry.fill(temp, tell);
    await writeManifest(temp, manifest);
    await syncFiles(temp);
    await rm(folder, { recursive: true, force: true });
    await rename(temp, folder);
    return manifest;
  } finally {
    await rm(temp, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function removeLeftovers(images: string, prefix: string): Promise<void> {
  const names = (await readdir(images)).filter((name) => name.startsWith(prefix));
  await Promise.all(names.map((name) => rm(join(images, name), { recursive: true, force: true })));
}

/** A rename must not be on disk before the content is. */
export async function syncFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = await open(join(folder, name), 'r');
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}

function cacheError(error: unknown, images: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof VzvmError || (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM')) return error;
  return new VzvmError('PERMISSION_DENIED', `the image cache cannot be written: ${images}`, {
    facts: { folder: images },
    hint: 'set VZVM_CACHE to a folder that you may write to',
    cause: error,
  });
}
