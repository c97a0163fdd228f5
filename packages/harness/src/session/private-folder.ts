import { chmod, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../errors.ts';

/** Who this process is; undefined where the system has no such numbers. */
const SELF = process.getuid?.();

/**
 * Makes a folder that nobody else can look into, or takes one that is there already. Answers whether it is private: in a
 * folder that all may write to, somebody else may have made it first, or put a link in its place.
 */
export async function isPrivateFolder(path: string, self = SELF): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  const found = await lstat(path);
  if (!found.isDirectory() || (self !== undefined && found.uid !== self)) return false;
  if ((found.mode & 0o777) !== 0o700) await chmod(path, 0o700);
  return true;
}
