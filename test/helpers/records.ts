import type { VmRecord } from '../../src/journal/index.ts';
import { thisOwner } from '../../src/journal/index.ts';

/** A VM of the QEMU driver as the journal knows it. */
export async function recordOf(
  guest: string,
  stateDir: string,
  more: Partial<VmRecord> = {},
): Promise<VmRecord> {
  return {
    version: 1,
    guest,
    recipe: { driver: 'qemu', options: { stateDir, cacheDir: `${stateDir}/cache` } },
    owner: await thisOwner(),
    step: 'booting',
    image: 'debian:12',
    imageDigest: 'sha256:0',
    cpu: 1,
    memoryMiB: 512,
    createdAt: 1,
    ...more,
  };
}
