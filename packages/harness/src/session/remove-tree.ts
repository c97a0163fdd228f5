import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';

/** Far enough from where the system takes no longer path. */
const LONGEST_PATH = 2_048;
/** What stands in the way and can be put out of it: a path that is too long, a folder that its owner may not change. */
const MENDED = new Set(['ENAMETOOLONG', 'EACCES', 'EPERM']);

/** Removes a folder with all that an agent has put into it, however deep, and whatever it has forbidden itself. */
export async function removeTree(top: string): Promise<void> {
  try {
    await remove(top);
  } catch (error) {
    if (!MENDED.has(systemCode(error) ?? '')) throw error;
    await mend(top);
    await remove(top);
  }
}

const remove = (top: string): Promise<void> => rm(top, { recursive: true, force: true, maxRetries: 3 });

/** Opens all folders to their owner, and moves up those that are too deep. */
async function mend(top: string): Promise<void> {
  const folders = [top];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    await chmod(folder, 0o700);
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) folders.push(await lifted(top, join(folder, entry.name)));
    }
  }
}

/** Where the folder is now. */
async function lifted(top: string, path: string): Promise<string> {
  if (path.length < LONGEST_PATH) return path;
  const higher = join(top, `.deep-${process.hrtime.bigint()}`);
  // Its entry ".." is changed, too.
  await chmod(path, 0o700);
  await rename(path, higher);
  return higher;
}
