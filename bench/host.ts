import { availableParallelism, totalmem } from 'node:os';
import type { Accelerator } from '../src/drivers/qemu/args.ts';
import { hostArch } from '../src/drivers/qemu/host.ts';
import { qemuVersion } from '../src/drivers/qemu/tools.ts';
import type { Place } from './place.ts';

/** Where it was measured. */
export interface HostFacts {
  readonly processors: number;
  readonly memoryMiB: number;
  readonly arch: string;
  readonly qemu: string;
  readonly accelerator: Accelerator;
  readonly node: string;
}

/** What a reader has to know of this machine. */
export async function hostFacts({ accelerator }: Place, signal: AbortSignal): Promise<HostFacts> {
  return {
    processors: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 1024 ** 2),
    arch: hostArch().node,
    qemu: await qemuVersion(hostArch().qemu, hostArch().node, signal),
    accelerator,
    node: process.versions.node,
  };
}
