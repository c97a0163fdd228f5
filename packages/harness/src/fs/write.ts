import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { systemCode } from '../errors.ts';
import { kernelRandom } from '../random.ts';
import { locate, type Place } from './locate.ts';
import { notAFile } from './names.ts';

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Writes a small file inside `root`, with these permission bits if they are given. */
export async function writeText(
  root: string,
  wanted: string,
  content: string | Uint8Array,
  mode?: number,
): Promise<void> {
  await using place = await locate(root, wanted, { follow: true, makeParents: true });
  await replaceFile(place, wanted, (handle) => handle.writeFile(content), { mode });
}

/** Writes a file from a stream, its parents made if need be. Returns its size. */
export async function writeStream(
  root: string,
  wanted: string,
  body: ReadableStream<Uint8Array> | null,
  signal?: AbortSignal,
): Promise<number> {
  await using place = await locate(root, wanted, { follow: true, makeParents: true });
  let size = 0;
  await replaceFile(place, wanted, async (handle) => {
    if (body) await handle.writeFile(body, signal ? { signal } : {});
    ({ size } = await handle.stat());
  });
  return size;
}

/** What a new file has to keep of the one that it replaces. */
export interface ReplaceOptions {
  /** Permission bits; the old file's when undefined. */
  readonly mode?: number | undefined;
  /** Looks at the file in its place right before that is replaced; may throw. */
  readonly check?: (current: Stats | undefined) => void;
}

/** Puts a file in place whole: readers see the old one or the new one, and a write that fails leaves the old one. */
export async function replaceFile(
  place: Place,
  wanted: string,
  fill: (handle: FileHandle) => Promise<void>,
  { mode, check }: ReplaceOptions = {},
): Promise<void> {
  const { folder, name } = place;
  const current = await statsOf(folder.at(name));
  if (current && !current.isFile()) throw notAFile(wanted);
  const temporary = folder.at(`.${kernelRandom(8).toString('hex')}.tmp`);
  try {
    await using handle = await open(temporary, CREATE, 0o644);
    const bits = mode ?? (current && current.mode & 0o777);
    if (bits !== undefined) await handle.chmod(bits);
    await fill(handle);
    check?.(await statsOf(folder.at(name)));
    await rename(temporary, folder.at(name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
