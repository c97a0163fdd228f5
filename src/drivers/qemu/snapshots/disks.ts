import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { VzvmError } from '../../../errors.ts';
import { run } from '../../../process/run.ts';

const QEMU_IMG_TIMEOUT_MS = 30_000;
const chainSchema = z.array(
  z.looseObject({
    filename: z.string(),
    'virtual-size': z.number(),
    'full-backing-filename': z.string().optional(),
  }),
);

/** A guest's disk and all that it rests on. */
export interface DiskChain {
  readonly virtualBytes: number;
  /** Names of the disks in the guest's folder, from the top; they name each other by these. */
  readonly own: readonly string[];
  /** Paths of the disks elsewhere. */
  readonly bases: readonly string[];
}

/** Looks at what a disk in a folder rests on; it may be in use. */
export async function chainOf(folder: string, disk: string, signal: AbortSignal): Promise<DiskChain> {
  const top = join(folder, disk);
  const stdout = await qemuImg(['info', '--output=json', '--force-share', '--backing-chain', top], signal);
  const chain = chainSchema.parse(JSON.parse(stdout));
  const home = await realpath(folder);
  const own: string[] = [];
  const bases: string[] = [];
  for (const { filename } of chain) {
    const path = await realpath(filename);
    if (dirname(path) === home) own.push(basename(path));
    else bases.push(path);
  }
  return { virtualBytes: chain[0]?.['virtual-size'] ?? 0, own, bases };
}

/** Makes an empty disk on top of another one, which need not be there yet. */
export async function makeEmptyDisk(
  file: string,
  backing: string,
  virtualBytes: number,
  signal: AbortSignal,
): Promise<void> {
  const args = [
    'create',
    '-q',
    '-u',
    '-f',
    'qcow2',
    '-F',
    'qcow2',
    '-b',
    backing,
    file,
    String(virtualBytes),
  ];
  await qemuImg(args, signal);
}

async function qemuImg(args: readonly string[], signal: AbortSignal): Promise<string> {
  const result = await run('qemu-img', args, { timeoutMs: QEMU_IMG_TIMEOUT_MS, signal });
  if (result.exitCode === 0) return result.stdout;
  throw new VzvmError('COMMAND_FAILED', `qemu-img ${args[0]} failed`, {
    exitCode: result.exitCode,
    stderrTail: result.stderrTail,
    hint: 'its output is in this error; see the disk for room and health: df -h; dmesg | tail',
  });
}
