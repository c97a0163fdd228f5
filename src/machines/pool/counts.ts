import type { PoolContext } from './types.ts';

/** VMs that run, or that take a place until their end is told. */
const running = ({ booting, parked, given, leaving }: PoolContext): number =>
  booting.length + parked.length + given.length + leaving.length;

/** Whether one more VM may run. */
export const hasPlace = (context: PoolContext): boolean => running(context) < context.limits.maxConcurrent;

/** Parked VMs that are wanted still. One that is overdue is replaced only where there is memory for both. */
export function missing({ limits, parked, overdue }: PoolContext): number {
  const toReplace = overdue !== null && limits.capacity > limits.target ? 1 : 0;
  return limits.target - parked.length + toReplace;
}

/** How many boots to begin now. Those who wait have the first right to a place. */
export function bootsToBegin(context: PoolContext, atMost: number): number {
  const { limits, booting, parked, leaving, queue } = context;
  if (queue.length > 0) return 0;
  const unclaimed = booting.length + parked.length + leaving.length;
  const most = Math.min(
    missing(context) - booting.length,
    limits.capacity - unclaimed,
    limits.maxConcurrent - running(context),
    atMost - booting.length,
  );
  return Math.max(0, most);
}

/** Whether a claim waits, or has a VM. */
export const isKnownClaim = ({ queue, given }: PoolContext, claimId: string): boolean =>
  queue.includes(claimId) || given.some((each) => each.claimId === claimId);
