import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HarnessError, systemCode } from '../errors.ts';
import { isInside, jailedPath, pathEscape } from './jail.ts';

const READ = constants.O_RDONLY | constants.O_NONBLOCK;
// Not truncated on open: that is done after the opened file was seen to be inside.
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK;

/** Opens a file inside `root` for reading. The caller closes it. */
export async function openForReading(root: string, wanted: string): Promise<FileHandle> {
  const jailed = await jailedPath(root, wanted);
  if (!jailed.exists) throw fileNotFound(wanted);
  return openInside(jailed.root, jailed.path, wanted, READ);
}

/** Opens a file inside `root` for writing, made with its parents if need be, and empties it. The caller closes it. */
export async function openForWriting(root: string, wanted: string): Promise<FileHandle> {
  const jailed = await jailedPath(root, wanted);
  if (!jailed.exists) await mkdir(dirname(jailed.path), { recursive: true });
  const handle = await openInside(jailed.root, jailed.path, wanted, WRITE);
  try {
    await handle.truncate();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The rejection of a path that names nothing. */
export function fileNotFound(wanted: string): HarnessError {
  return new HarnessError('NOT_FOUND', 404, `file ${wanted} not found`);
}

async function openInside(root: string, path: string, wanted: string, flags: number): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, flags | constants.O_NOFOLLOW, 0o644);
  } catch (error) {
    throw systemCode(error) === 'ELOOP' ? pathEscape(wanted, error) : error;
  }
  try {
    await checkOpened(handle, root, wanted);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Looks at what was really opened: between the look at the path and the open, a folder may have become a link. */
async function checkOpened(handle: FileHandle, root: string, wanted: string): Promise<void> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new HarnessError('VALIDATION', 400, `${wanted} is not a file`);
  if (process.platform !== 'linux') return;
  const opened = await readlink(`/proc/self/fd/${handle.fd}`);
  if (!isInside(root, opened)) throw pathEscape(wanted);
}
