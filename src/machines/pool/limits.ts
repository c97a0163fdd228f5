import type { PoolContext, PoolInput, PoolLimits } from './types.ts';

const LONGEST_DELAY_MS = 2 ** 31 - 1;
const MOST_DOUBLINGS = 20;

/** A delay that setTimeout keeps: 2^31 ms and more would fire after 1 ms, as would NaN. */
const delay = (ms: number): number => Math.min(Math.max(1, Math.trunc(ms)), LONGEST_DELAY_MS);

/** A whole number that JSON keeps: no limit is a very large one. */
function whole(value: number | undefined, fallback: number, least: number): number {
  const given = value === undefined || Number.isNaN(value) ? fallback : value;
  return Math.max(least, Math.min(Math.trunc(given), Number.MAX_SAFE_INTEGER));
}

/** The input as the chart counts with it. */
export function limitsOf(input: PoolInput): PoolLimits {
  const fits = whole(input.memoryBudgetMiB, Infinity, 0) / whole(input.vmMemoryMiB, 1, 1);
  const capacity = Math.floor(fits);
  const { maxIdleMs = Infinity } = input;
  return {
    target: Math.min(whole(input.size, 0, 0), capacity),
    capacity,
    maxIdleMs: Number.isFinite(maxIdleMs) ? delay(maxIdleMs) : null,
    maxConcurrent: whole(input.maxConcurrent, Infinity, 1),
    maxSimultaneousBoots: whole(input.maxSimultaneousBoots, 2, 1),
    backOffMs: delay(whole(input.backOffMs, 500, 1)),
    maxBackOffMs: delay(whole(input.maxBackOffMs, 60_000, 1)),
  };
}

/** The pause after a failed boot. */
export function pauseMs({ limits, failures }: Pick<PoolContext, 'limits' | 'failures'>): number {
  const doublings = Math.min(Math.max(0, failures - 1), MOST_DOUBLINGS);
  return delay(Math.min(limits.backOffMs * 2 ** doublings, limits.maxBackOffMs));
}

/** How long a VM may be parked. Asked for only where there is a limit. */
export function maxIdleMs({ limits }: Pick<PoolContext, 'limits'>): number {
  return limits.maxIdleMs ?? LONGEST_DELAY_MS;
}
