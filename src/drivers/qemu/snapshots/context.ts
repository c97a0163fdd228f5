import type { LogLine } from '../../driver.ts';
import type { HostArch } from '../host.ts';

/** What saving and forking need of the driver. */
export interface SnapshotContext {
  readonly bin: string;
  readonly arch: HostArch;
  readonly minFreeMiB: number;
  readonly log: LogLine;
}
