import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import type { vmMachine } from './machine.ts';

export { vmMachine } from './machine.ts';
export { factsOf } from './failure.ts';
export { DEFAULT_RETRIES, DEFAULT_TIMEOUTS_MS } from './limits.ts';
export { STEPS } from './types.ts';
export type {
  GuestExit,
  GuestFacts,
  HarnessExit,
  Step,
  StepRetries,
  StepTimeouts,
  VmEmitted,
  VmFailure,
  VmInput,
  VmOutput,
  Where,
} from './types.ts';

/** A running VM machine. */
export type VmActor = ActorRefFrom<typeof vmMachine>;
/** A moment of a VM machine. */
export type VmSnapshot = SnapshotFrom<typeof vmMachine>;
