import type { PoolContext, PoolEmitted } from './types.ts';

/** What an action changes and tells, as data: so that it cannot throw half-way. */
export interface Move {
  readonly change: Partial<PoolContext>;
  readonly tell?: readonly PoolEmitted[];
  /** VMs that begin to idle. */
  readonly arm?: readonly string[];
  /** VMs that idle no longer. */
  readonly disarm?: readonly string[];
}

type Answer = Extract<PoolEmitted, { type: 'claimed' | 'cold' | 'rejected' }>;

const without = (ids: readonly string[], id: string): readonly string[] => ids.filter((each) => each !== id);

const queued = (queue: readonly string[], from: number): PoolEmitted[] =>
  queue.slice(from).map((claimId, index) => ({
    type: 'queued',
    claimId,
    position: from + index + 1,
    reason: 'max-concurrent',
  }));

/** Takes a claim out of the queue with its answer; those behind it move up, and are told. */
function leaveQueue({ queue }: PoolContext, answer: Answer): Required<Pick<Move, 'tell'>> & Move {
  const at = queue.indexOf(answer.claimId);
  if (at < 0) return { change: {}, tell: [answer] };
  const rest = without(queue, answer.claimId);
  return { change: { queue: rest }, tell: [answer, ...queued(rest, at)] };
}

const idOf = (number: number): string => `vm-${number}`;

/** Asks for boots. */
export function boot({ made, booting }: PoolContext, count: number): Move {
  const ids = Array.from({ length: count }, (_, index) => idOf(made + index + 1));
  return {
    change: { made: made + count, booting: [...booting, ...ids] },
    tell: ids.map((vmId) => ({ type: 'boot', vmId })),
  };
}

/** Gives a claim the VM that was parked first. */
export function giveParked(context: PoolContext, claimId: string): Move {
  const [vmId, ...parked] = context.parked;
  if (vmId === undefined) return { change: {} };
  const { change, tell } = leaveQueue(context, { type: 'claimed', claimId, vmId });
  const given = [...context.given, { vmId, claimId }];
  return { change: { ...change, parked, given, overdue: null }, tell, disarm: [vmId] };
}

/** Gives a claim a VM that its owner has to boot. */
export function giveCold(context: PoolContext, claimId: string | undefined): Move {
  if (claimId === undefined) return { change: {} };
  const made = context.made + 1;
  const vmId = idOf(made);
  const { change, tell } = leaveQueue(context, { type: 'cold', claimId, vmId });
  return { change: { ...change, made, given: [...context.given, { vmId, claimId }] }, tell };
}

/** Gives the VM that has just booted to the claim that waits longest. */
export function giveBooted(context: PoolContext, vmId: string): Move {
  const [claimId] = context.queue;
  if (claimId === undefined) return { change: {} };
  const { change, tell } = leaveQueue(context, { type: 'claimed', claimId, vmId });
  const given = [...context.given, { vmId, claimId }];
  return { change: { ...change, booting: without(context.booting, vmId), given, failures: 0 }, tell };
}

/** Lets a claim wait. */
export function enqueue({ queue }: PoolContext, claimId: string): Move {
  const longer = [...queue, claimId];
  return { change: { queue: longer }, tell: queued(longer, queue.length) };
}

/** Ends the wait of a claim. */
export const cancel = (context: PoolContext, claimId: string): Move =>
  leaveQueue(context, { type: 'rejected', claimId, reason: 'cancelled' });

/** Parks a VM; one that is overdue has waited for just this. */
export function park(context: PoolContext, vmId: string): Move {
  const { overdue } = context;
  const parked = [...(overdue === null ? context.parked : without(context.parked, overdue)), vmId];
  const change = { parked, booting: without(context.booting, vmId), failures: 0, overdue: null };
  const arm = context.limits.maxIdleMs === null ? [] : [vmId];
  if (overdue === null) return { change, arm };
  return {
    change: { ...change, leaving: [...context.leaving, overdue] },
    tell: [{ type: 'release', vmId: overdue }],
    arm,
  };
}

/** Releases a VM that has idled for too long, but not the last one: a claim is better served by it than by none. */
export function expire({ parked, leaving }: PoolContext, vmId: string): Move {
  if (parked.length === 1) return { change: { overdue: vmId } };
  return {
    change: { parked: without(parked, vmId), leaving: [...leaving, vmId] },
    tell: [{ type: 'release', vmId }],
  };
}

/** Remembers a failed boot; its VM has yet to end. */
export function fail({ booting, leaving }: PoolContext, vmId: string, lastError: string): Move {
  return { change: { booting: without(booting, vmId), leaving: [...leaving, vmId], lastError } };
}

/** Forgets a VM that has ended. */
export function forget(context: PoolContext, vmId: string): Move {
  return {
    change: {
      booting: without(context.booting, vmId),
      parked: without(context.parked, vmId),
      leaving: without(context.leaving, vmId),
      given: context.given.filter((each) => each.vmId !== vmId),
      overdue: context.overdue === vmId ? null : context.overdue,
    },
    disarm: context.parked.includes(vmId) ? [vmId] : [],
  };
}

/** Tells everybody who waits, and everything that nobody has claimed, to go. */
export function drain({ queue, booting, parked, leaving }: PoolContext): Move {
  return {
    change: {
      queue: [],
      booting: [],
      parked: [],
      leaving: [...leaving, ...booting, ...parked],
      overdue: null,
    },
    tell: [
      ...queue.map((claimId) => ({ type: 'rejected', claimId, reason: 'draining' }) as const),
      ...booting.map((vmId) => ({ type: 'abort', vmId }) as const),
      ...parked.map((vmId) => ({ type: 'release', vmId }) as const),
    ],
    disarm: parked,
  };
}
