import type { LogLine } from '../driver.ts';
import { defaultStateDir } from '../folders.ts';
import type { HostMount } from '../host-mount.ts';
import type { TartHost } from './check.ts';

/** Options of the driver for Tart. */
export interface TartDriverOptions {
  /** The `tart` executable. @defaultValue "tart" on PATH */
  readonly tartBin?: string;
  /** Tart's own folder. @defaultValue tart's default */
  readonly tartHome?: string;
  /** Where the output of running VMs goes. @defaultValue `VZVM_HOME`, else the platform's state folder */
  readonly stateDir?: string;
  /** Where it is written down what prepared images hold. @defaultValue `VZVM_CACHE`, else the platform's cache folder */
  readonly cacheDir?: string;
  /** The network of VMs, as `writeNetwork` has it. @defaultValue "nat" */
  readonly network?: string;
  /** Folders of the host that VMs are offered. @defaultValue none */
  readonly mounts?: readonly HostMount[];
  /** What has to be free on the disk of Tart's folder for a clone, in MiB. @defaultValue 2048 */
  readonly minFreeMiB?: number;
  /** The machine that is looked at, for tests. @defaultValue this one */
  readonly host?: Partial<TartHost>;
  /** Told what others are waited for. */
  readonly log?: LogLine;
}

/** Tart's folder, where the environment names it, must be the same for whoever makes the driver again. */
export function recipeOptions(options: TartDriverOptions, cacheDir: string): Record<string, string> {
  const tartHome = options.tartHome ?? process.env['TART_HOME'];
  return {
    tartBin: options.tartBin ?? 'tart',
    stateDir: options.stateDir ?? defaultStateDir(),
    cacheDir,
    ...(tartHome ? { tartHome } : {}),
    ...(options.network === undefined ? {} : { network: options.network }),
  };
}
