import { VzvmError } from '../errors.ts';
import type { Driver, LogLine } from './driver.ts';
import type { HostMount } from './host-mount.ts';

/** What the drivers may be told. Each takes what concerns it. */
export interface DriverOptions {
  readonly log?: LogLine;
  readonly tartBin?: string;
  readonly tartHome?: string;
  readonly qemuBin?: string;
  readonly stateDir?: string;
  readonly cacheDir?: string;
  /** As `writeNetwork` has it. */
  readonly network?: string;
  /** Folders of the host; another process that makes the driver again to release VMs needs none. */
  readonly mounts?: readonly HostMount[];
  readonly accelerator?: 'auto' | 'kvm' | 'hvf' | 'tcg';
}

/**
 * Makes a driver by its name. Loaded on demand: nobody pays for a driver that is not used.
 * @throws VzvmError UNSUPPORTED for a name that is not known.
 */
export async function createDriver(name: string, options: DriverOptions = {}): Promise<Driver> {
  switch (name) {
    case 'qemu':
      return (await import('./qemu/index.ts')).createQemuDriver(options);
    case 'tart':
      return (await import('./tart/index.ts')).createTartDriver(options);
    default:
      throw new VzvmError('UNSUPPORTED', `there is no driver ${name}`, {
        facts: { driver: name },
        hint: 'use "tart" or "qemu", or give a driver of your own',
      });
  }
}
