import type { VZVMSubstrateOptions } from '@computeragent/runtime-vzvm';

/** What a program does to itself, or to its VM. */
export type SelfInflicted =
  | 'SIGKILL'
  | 'SIGTERM'
  | 'SIGINT'
  | 'SIGHUP'
  | 'exit'
  | 'cancel'
  | 'dispose'
  // With a driver in memory, of which nobody else can get hold.
  | 'end-guest'
  | 'hang'
  | 'fail';

/** Where a guest in memory is: what it says is said by the program that strikes. */
export interface FakePlace {
  readonly sshPort: number;
  readonly harnessPort: number;
  readonly remoteWorkdir: string;
  readonly bundlePath: string;
}

/** What the program that owns a VM is told. */
export interface OwnerPlan {
  readonly options: Pick<VZVMSubstrateOptions, 'stateDir' | 'cacheDir' | 'prepare' | 'memoryMiB'> & {
    readonly driver: 'tart' | 'qemu' | 'fake';
  };
  readonly state: string;
  /** With a driver in memory. */
  readonly fake?: FakePlace;
  /** How many times longer each step may take: processors may be emulated. */
  readonly patience: number;
  /** What it does to itself there. */
  readonly self: SelfInflicted | null;
  /** It stands still in the state until it is told that the blow has fallen: some states are over in an instant. */
  readonly standsStill: boolean;
}

/** What it is told then. */
export const STRUCK = 'struck\n';
