import type { VZVMSubstrateOptions } from '@computeragent/runtime-vzvm';

/** What a program does to itself, or to its VM. */
export type SelfInflicted = 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'exit' | 'cancel' | 'dispose';

/** What the program that owns a VM is told. */
export interface OwnerPlan {
  readonly options: Pick<VZVMSubstrateOptions, 'driver' | 'stateDir' | 'cacheDir' | 'prepare' | 'memoryMiB'>;
  readonly state: string;
  /** How many times longer each step may take: processors may be emulated. */
  readonly patience: number;
  /** What it does to itself there. */
  readonly self: SelfInflicted | null;
  /** It stands still in the state until it is told that the blow has fallen: some states are over in an instant. */
  readonly standsStill: boolean;
}

/** What it is told then. */
export const STRUCK = 'struck\n';
