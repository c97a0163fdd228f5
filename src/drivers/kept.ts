import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VzvmError } from '../errors.ts';
import type { KeepRequest, KeptImage } from './driver.ts';

const KEY = /^[a-z0-9][a-z0-9-]{3,63}$/;

const common = z.looseObject({
  key: z.string(),
  base: z.string(),
  description: z.string(),
  bytes: z.number(),
  createdAt: z.number(),
});

/** What every driver writes down of a kept image. */
export type KeptRecord = z.infer<typeof common>;

/** Keys become names of files and VMs: nothing but our own pattern may. */
export function demandKey(key: string): void {
  if (KEY.test(key)) return;
  throw new VzvmError('OPTION_INVALID', `"${key}" is no key of an image`, {
    facts: { key },
    hint: 'use one of: npx vzvm image ls',
  });
}

/** The record of an image that is being kept. */
export function newRecord({ key, base, description }: KeepRequest, bytes: number): KeptRecord {
  return { key, base: base.ref, description, bytes, createdAt: Date.now() };
}

/** Puts a record in place at once: where it is, the image is whole. */
export async function writeRecord(file: string, record: KeptRecord): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The record of an image; undefined when it is not there, or of another version. */
export async function readRecord<T extends KeptRecord>(
  file: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Notes that an image is in use now: the file's own time says it, so that no two writers meet. */
export async function markUsed(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now);
}

/** All images whose records are in a folder. `fileOf` answers the record's file for an entry, undefined for others. */
export async function listRecords(
  folder: string,
  fileOf: (entry: string) => string | undefined,
): Promise<readonly KeptImage[]> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const all = await Promise.all(
    entries.map(async (entry): Promise<KeptImage | undefined> => {
      const name = fileOf(entry);
      if (name === undefined) return undefined;
      const file = join(folder, name);
      const record = await readRecord(file, common);
      const used = await stat(file).catch(() => undefined); // Removed meanwhile.
      if (!record || !used) return undefined;
      const { key, base, description, bytes, createdAt } = record;
      return { key, base, description, bytes, createdAt, usedAt: Math.round(used.mtimeMs) };
    }),
  );
  return all.filter((each) => each !== undefined).toSorted((one, other) => other.usedAt - one.usedAt);
}

/** Removes files that nothing may miss. */
export async function removeFiles(...paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true, maxRetries: 3 })));
}

export { common as keptSchema };
