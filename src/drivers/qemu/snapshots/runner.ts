import { cpus } from 'node:os';
import { machineArgs, type Accelerator } from '../args.ts';
import type { HostArch } from '../host.ts';

/** Names what can run a saved guest: the same QEMU, machine, accelerator and processor. Pure but for the host's processor. */
export function runnerOf(version: string, arch: HostArch, accelerator: Accelerator): string {
  // Emulated, every host has the same one.
  const processor = accelerator === 'tcg' ? '' : (cpus()[0]?.model ?? '');
  return JSON.stringify([version, machineArgs(arch, accelerator), processor]);
}
