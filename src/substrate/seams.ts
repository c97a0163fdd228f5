import type { ActorOptions, AnyActorLogic } from 'xstate';
import type { vmMachine } from '../machines/vm/index.ts';

/** What a VM's timers run by. */
export type Clock = NonNullable<ActorOptions<AnyActorLogic>['clock']>;

/**
 * A seam for tests, no option: gives each VM the clock that its timers run by, so that a simulated one can be moved by
 * hand. What the actors do to the outside keeps the time of the outside.
 */
export const CLOCK_OF: unique symbol = Symbol('clock of a VM');

/** A seam for tests, no option: a chart with a mistake, to see that the mistake is found. */
export const CHART: unique symbol = Symbol('chart of a VM');

/** What a test may have left in options. */
export interface Seams {
  readonly [CLOCK_OF]?: (vm: string) => Clock;
  readonly [CHART]?: typeof vmMachine | undefined;
}
