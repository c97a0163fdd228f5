import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { HostMount } from '../drivers/host-mount.ts';
import { VzvmError } from '../errors.ts';
import type { VZVMSubstrateOptions } from './options.ts';

/** The folders of the host that options ask for, as the driver and the guest are told of them. */
export function hostMounts({ mounts = {} }: VZVMSubstrateOptions): readonly HostMount[] {
  return Object.entries(mounts).map(([target, mount]) => ({
    source: resolve(typeof mount === 'string' ? mount : mount.path),
    target,
    isWritable: typeof mount === 'string' ? false : (mount.writable ?? false),
  }));
}

/**
 * Looks whether the folders are there: a hypervisor tells of a missing one by not starting.
 * @throws VzvmError OPTION_INVALID.
 */
export async function demandFolders(mounts: readonly HostMount[]): Promise<void> {
  for (const { source, target } of mounts) {
    const found = await stat(source).catch(() => undefined);
    if (found?.isDirectory()) continue;
    const what = found ? 'is no folder' : 'is not there';
    throw new VzvmError('OPTION_INVALID', `option mounts.${target}: ${source} ${what}`, {
      facts: { option: `mounts.${target}`, value: source },
      hint: `make it, or name another folder of this host: mkdir -p ${source}`,
    });
  }
}
