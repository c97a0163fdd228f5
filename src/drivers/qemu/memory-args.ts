import type { HostArch } from './host.ts';

/** A file that is a guest's memory. */
export interface GuestMemory {
  /** As QEMU opens it. */
  readonly file: string;
  /** Whether what the guest writes goes to the file; else the guest has what it changes for itself. */
  readonly isShared: boolean;
}

const MIB = 1024 * 1024;
/** What QEMU itself calls the memory of its machines: so a saved guest may go from memory without a file to one with. */
const NAMES = { x64: 'pc.ram', arm64: 'mach-virt.ram' } as const;

/** The arguments that put a guest's memory into a file. Pure. */
export function memoryArgs({ file, isShared }: GuestMemory, arch: HostArch, memoryMiB: number): string[] {
  const id = NAMES[arch.node];
  const backend = {
    'qom-type': 'memory-backend-file',
    id,
    size: memoryMiB * MIB,
    'mem-path': file,
    share: isShared,
    'x-use-canonical-path-for-ramblock-id': false,
  };
  return ['-machine', `memory-backend=${id}`, '-object', JSON.stringify(backend)];
}
