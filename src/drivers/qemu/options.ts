import type { LogLine } from '../driver.ts';
import type { Accelerator } from './args.ts';

/** Options of `createQemuDriver`. */
export interface QemuOptions {
  /** Where guests live while they exist. Default: `VZVM_HOME`, else the platform's state folder. */
  readonly stateDir?: string;
  /** Where images are kept. Default: `VZVM_CACHE`, else the platform's cache folder. */
  readonly cacheDir?: string;
  /**
   * How the guest's processors run.
   * @defaultValue "auto": KVM or HVF where a trial boot with it succeeds, else emulation
   */
  readonly accelerator?: 'auto' | Accelerator;
  /** The QEMU program. Default: qemu-system-<arch> on PATH. */
  readonly qemuBin?: string;
  /**
   * A clone is refused when less than this is free.
   * @defaultValue 1024
   */
  readonly minFreeMiB?: number;
  /** Receives progress for people. */
  readonly log?: LogLine;
}
