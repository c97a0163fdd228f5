import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { VzvmError } from '../errors.ts';
import type { Driver, LogLine } from './driver.ts';

/** What the drivers may be told. Each takes what concerns it. */
export interface DriverOptions {
  readonly log?: LogLine;
  readonly tartBin?: string;
  readonly stateDir?: string;
  readonly cacheDir?: string;
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

/** The driver that fits this machine: Tart on a Mac that has it, else QEMU. */
export async function defaultDriverName(
  host: { readonly platform?: string; readonly path?: string } = {},
): Promise<'tart' | 'qemu'> {
  const { platform = process.platform, path = process.env['PATH'] ?? '' } = host;
  return platform === 'darwin' && (await isOnPath('tart', path)) ? 'tart' : 'qemu';
}

async function isOnPath(program: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter).filter((each) => each !== '')) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
