import type { StepRetries, StepTimeouts, VmContext } from './types.ts';

/** Deadlines that a slow, emulated guest still keeps. */
export const DEFAULT_TIMEOUTS_MS: StepTimeouts = {
  cloning: 300_000,
  booting: 60_000,
  'ip-polling': 180_000,
  'ssh-connect': 180_000,
  upload: 120_000,
  'node-install': 600_000,
  'npm-install': 1_200_000,
  spawn: 120_000,
  healthy: 60_000,
  disposing: 90_000,
};

/** Readiness is looked for until the deadline; work is tried a few times. */
export const DEFAULT_RETRIES: StepRetries = {
  cloning: 2,
  booting: 2,
  'ip-polling': 100_000,
  'ssh-connect': 100_000,
  upload: 3,
  'node-install': 3,
  'npm-install': 3,
  spawn: 2,
};

export const DEFAULT_POLL_MS = 100;

const LONGEST_DELAY_MS = 2 ** 31 - 1;
const MOST_DOUBLINGS = 20;
/** In first pauses: a look costs next to nothing, and whoever waits feels each tenth of a second. */
const LONGEST_LOOK = 2;
const POLLED: ReadonlySet<string> = new Set(['ip-polling', 'ssh-connect']);

/** A delay that setTimeout keeps: 2^31 ms and more would fire after 1 ms, as would NaN. */
export function delay(ms: number): number {
  return Math.min(Math.max(1, Math.trunc(ms)), LONGEST_DELAY_MS);
}

/** The defaults, overridden where a number was given: undefined and NaN would make a deadline fire at once. */
export function withDefaults<K extends string>(
  defaults: Readonly<Record<K, number>>,
  given: Partial<Readonly<Record<K, number>>> = {},
): Readonly<Record<K, number>> {
  // Shared by all VMs that override nothing: in a large fleet the copies show on the heap.
  if (Object.keys(given).length === 0) return defaults;
  const merged: Record<K, number> = { ...defaults };
  for (const key of Object.keys(defaults) as K[]) {
    const value = given[key];
    if (typeof value === 'number' && !Number.isNaN(value)) merged[key] = value;
  }
  return merged;
}

const doubled = (first: number, times: number, most: number): number =>
  delay(Math.min(first * 2 ** Math.min(Math.max(0, times), MOST_DOUBLINGS), most));

/** The pause before the next attempt: short where readiness is awaited, longer where work failed. */
export function backOffMs(context: Pick<VmContext, 'step' | 'attempt' | 'pollMs'>): number {
  const times = context.attempt - 2;
  return POLLED.has(context.step)
    ? doubled(context.pollMs, times, context.pollMs * 10)
    : doubled(500, times, 10_000);
}

/** The pause before the next look at something that is not there yet; longer where it was there before, and is lost. */
export function lookAgainMs(context: Pick<VmContext, 'step' | 'looks' | 'pollMs'>): number {
  const most = context.step === 'healthy' ? 10 : LONGEST_LOOK;
  return doubled(context.pollMs, context.looks - 1, context.pollMs * most);
}
