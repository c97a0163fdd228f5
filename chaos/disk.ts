import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunPlace } from './place.ts';

/** More than a driver demands before it clones. Nothing of it is taken until it is written. */
const SIZE_BYTES = 32 * 1024 ** 3;
const SMALLEST_BYTES = 4096;
const COMMAND_MS = 30_000;

/** The file system of a run's own, where it has one: what the host has for VMs. */
export const diskOf = ({ stateDir }: Pick<RunPlace, 'stateDir'>): string => dirname(stateDir);

/** The file that it is in. */
export const diskFileOf = (place: RunPlace): string => join(place.root, 'disk.img');

/** Gives a run a disk that can be filled without harm to anybody else. */
export async function mountDisk(place: RunPlace): Promise<void> {
  const file = diskFileOf(place);
  await mkdir(diskOf(place), { recursive: true });
  await writeFile(file, '');
  await truncate(file, SIZE_BYTES);
  command('mkfs.ext4', '-q', '-m', '0', file);
  command('mount', '-o', 'loop', file, diskOf(place));
  await rm(join(diskOf(place), 'lost+found'), { recursive: true });
}

/** Takes every block, and writes none of them. */
export async function fillDisk(place: RunPlace): Promise<string> {
  const { bavail, bsize } = await statfs(diskOf(place));
  const filler = join(diskOf(place), 'filler-');
  let number = 0;
  for (let size = bavail * bsize; size >= SMALLEST_BYTES;) {
    const { status } = spawnSync('fallocate', ['-l', String(size), `${filler}${number++}`], {
      timeout: COMMAND_MS,
    });
    if (status !== 0) size = Math.floor(size / 2);
  }
  return `${bavail * bsize} bytes`;
}

export function unmountDisk(place: RunPlace): void {
  command('umount', diskOf(place));
}

/** Whether a run has one by now. */
export const hasDisk = (place: RunPlace): boolean =>
  readFileSync('/proc/self/mounts', 'utf8').includes(` ${diskOf(place)} `);

function command(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: COMMAND_MS });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
