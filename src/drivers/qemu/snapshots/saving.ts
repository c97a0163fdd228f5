import type { LogLine } from '../../driver.ts';
import type { Accelerator } from '../args.ts';
import type { HostArch } from '../host.ts';
import type { GuestFiles } from '../paths.ts';
import type { GuestSettings } from '../settings.ts';

/** A guest that is being saved. */
export interface Saving {
  readonly guest: string;
  readonly files: GuestFiles;
  /** As they were when the save began: a disk that is frozen meanwhile is theirs. */
  readonly settings: GuestSettings;
  readonly keepRunning: boolean;
  /** Where the template is made. */
  readonly temp: string;
  /** Where it will be. */
  readonly folder: string;
  readonly bin: string;
  readonly arch: HostArch;
  readonly runner: string;
  readonly accelerator: Accelerator;
  readonly log: LogLine;
  readonly signal: AbortSignal;
}
