import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DirectBoot } from '../args.ts';
import { INITRD, KERNEL } from './layout.ts';

/** All that QEMU looks into of a kernel for a PC. */
const HEAD_BYTES = 64 * 1024;

/**
 * What a fork of a guest that has its kernel in memory is given in the place of kernel and initrd, as names in its
 * template's folder: each QEMU would hold what nobody reads. For PCs only: elsewhere QEMU itself puts a kernel into memory.
 */
export async function writeStandIn(folder: string, boot: DirectBoot): Promise<DirectBoot> {
  const kernel = await open(boot.kernel, 'r');
  try {
    const { buffer, bytesRead } = await kernel.read(Buffer.alloc(HEAD_BYTES), { position: 0 });
    await writeFile(join(folder, KERNEL), buffer.subarray(0, bytesRead), { mode: 0o600 });
  } finally {
    await kernel.close();
  }
  await writeFile(join(folder, INITRD), '', { mode: 0o600 });
  return { kernel: KERNEL, initrd: INITRD };
}

/** Where a stand-in is. */
export function standInOf(folder: string, names: DirectBoot): DirectBoot {
  return { kernel: join(folder, names.kernel), initrd: join(folder, names.initrd) };
}
