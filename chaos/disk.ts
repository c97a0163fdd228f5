import { spawnSync } from 'node:child_process';
import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunPlace } from './place.ts';

/** Room for what a VM writes until it is healthy. */
const SIZE = '1g';

/** The file system of a run's own, where it has one: what the host has for VMs. */
export const diskOf = ({ stateDir }: Pick<RunPlace, 'stateDir'>): string => dirname(stateDir);

/** Gives a run a disk that can be filled without harm to anybody else. */
export async function mountDisk(place: RunPlace): Promise<void> {
  await mkdir(diskOf(place), { recursive: true });
  command('mount', '-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', diskOf(place));
}

export async function fillDisk(place: RunPlace): Promise<string> {
  const { bavail, bsize } = await statfs(diskOf(place));
  const chunk = Buffer.alloc(1024 * 1024);
  const filler = join(diskOf(place), 'filler');
  for (let left = bavail * bsize; left > 0; left -= chunk.length)
    await writeFile(filler, chunk.subarray(0, Math.min(left, chunk.length)), { flag: 'a' }).catch(
      () => undefined,
    ); // Somebody else was faster.
  return `${bavail * bsize} bytes`;
}

export function unmountDisk(place: RunPlace): void {
  command('umount', diskOf(place));
}

function command(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
