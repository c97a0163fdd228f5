import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import type { poolMachine } from './machine.ts';

export { poolMachine } from './machine.ts';
export type { PoolEmitted, PoolEvent, PoolInput, PoolTag } from './types.ts';

/** A running pool machine. */
export type PoolActor = ActorRefFrom<typeof poolMachine>;
/** A moment of a pool machine. */
export type PoolSnapshot = SnapshotFrom<typeof poolMachine>;
