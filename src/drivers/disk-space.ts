import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VzvmError } from '../errors.ts';

const BYTES_PER_MIB = 1024 * 1024;

/** Free space, in MiB, on the file system that holds a path or will hold it. */
export async function freeMiB(path: string): Promise<number> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder);
      return Math.floor((bavail * bsize) / BYTES_PER_MIB);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || folder === dirname(folder)) throw error;
    }
  }
}

/** @throws VzvmError DISK_FULL with both numbers. */
export async function demandFreeMiB(path: string, neededMiB: number, what: string): Promise<void> {
  const free = await freeMiB(path);
  if (free < neededMiB) throw diskFull(path, what, { freeMiB: free, neededMiB });
}

/** The error for a full disk. */
export function diskFull(
  path: string,
  what: string,
  facts: { readonly freeMiB?: number; readonly neededMiB?: number },
  cause?: unknown,
): VzvmError {
  const needed = facts.neededMiB === undefined ? '' : `, ${facts.neededMiB} MiB needed`;
  const numbers = facts.freeMiB === undefined ? '' : `: ${facts.freeMiB} MiB free${needed}`;
  return new VzvmError('DISK_FULL', `no space for ${what} in ${path}${numbers}`, {
    facts: { path, ...facts },
    hint: `free some space (look with: df -h ${path}), or choose another disk with VZVM_HOME and VZVM_CACHE`,
    retry: 'safe',
    cause,
  });
}
