import type { VZVMSubstrateOptions } from '@computeragent/runtime-vzvm';

/** What the program that owns a VM is told. */
export interface OwnerPlan {
  readonly options: Pick<VZVMSubstrateOptions, 'driver' | 'stateDir' | 'cacheDir' | 'prepare' | 'memoryMiB'>;
  readonly state: string;
  /** What it does to itself there. */
  readonly self: NodeJS.Signals | 'exit' | null;
  /** It stands still in the state until it is told that the blow has fallen: some states are over in an instant. */
  readonly standsStill: boolean;
}

/** What it is told then. */
export const STRUCK = 'struck\n';
