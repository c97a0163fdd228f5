import { assign, emit, enqueueActions, setup } from 'xstate';
import { bootsToBegin } from './counts.ts';
import { guards } from './guards.ts';
import { maxIdleMs, pauseMs } from './limits.ts';
import * as moves from './moves.ts';
import type {
  OfClaim,
  OfVm,
  PoolContext,
  PoolEmitted,
  PoolEvent,
  PoolInput,
  PoolMeta,
  PoolTag,
} from './types.ts';

/** The part of xstate's `enqueue` that a move needs. */
interface Enqueue {
  assign(change: Partial<PoolContext>): void;
  emit(event: PoolEmitted): void;
  raise(event: { type: 'VM.IDLED'; vmId: string }, options: { id: string; delay: 'maxIdle' }): void;
  cancel(id: string): void;
}

const timerOf = (vmId: string): string => `idle:${vmId}`;

function make(enqueue: Enqueue, { change, tell = [], arm = [], disarm = [] }: moves.Move): void {
  enqueue.assign(change);
  for (const vmId of disarm) enqueue.cancel(timerOf(vmId));
  for (const vmId of arm) enqueue.raise({ type: 'VM.IDLED', vmId }, { id: timerOf(vmId), delay: 'maxIdle' });
  for (const event of tell) enqueue.emit(event);
}

/** The chart's vocabulary. Its actions only remember and tell: the VMs are their owner's. */
export const poolSetup = setup({
  types: {} as {
    context: PoolContext;
    events: PoolEvent;
    emitted: PoolEmitted;
    input: PoolInput;
    tags: PoolTag;
    meta: PoolMeta;
  },
  guards,
  delays: {
    pause: ({ context }) => pauseMs(context),
    maxIdle: ({ context }) => maxIdleMs(context),
  },
  actions: {
    boot: enqueueActions(({ context, enqueue }, { atMost }: { atMost: number }) =>
      make(enqueue, moves.boot(context, bootsToBegin(context, atMost))),
    ),
    giveParked: enqueueActions(({ context, enqueue }, { claimId }: OfClaim) =>
      make(enqueue, moves.giveParked(context, claimId)),
    ),
    giveCold: enqueueActions(({ context, enqueue }, { claimId }: OfClaim) =>
      make(enqueue, moves.giveCold(context, claimId)),
    ),
    serveNext: enqueueActions(({ context, enqueue }) =>
      make(enqueue, moves.giveCold(context, context.queue[0])),
    ),
    enqueue: enqueueActions(({ context, enqueue }, { claimId }: OfClaim) =>
      make(enqueue, moves.enqueue(context, claimId)),
    ),
    cancel: enqueueActions(({ context, enqueue }, { claimId }: OfClaim) =>
      make(enqueue, moves.cancel(context, claimId)),
    ),
    giveBooted: enqueueActions(({ context, enqueue }, { vmId }: OfVm) =>
      make(enqueue, moves.giveBooted(context, vmId)),
    ),
    park: enqueueActions(({ context, enqueue }, { vmId }: OfVm) => make(enqueue, moves.park(context, vmId))),
    expire: enqueueActions(({ context, enqueue }, { vmId }: OfVm) =>
      make(enqueue, moves.expire(context, vmId)),
    ),
    recordFailure: enqueueActions(
      ({ context, enqueue }, { vmId, error }: OfVm & { readonly error: string }) =>
        make(enqueue, moves.fail(context, vmId, error)),
    ),
    countFailure: assign(({ context }) => ({ failures: context.failures + 1 })),
    forget: enqueueActions(({ context, enqueue }, { vmId }: OfVm) =>
      make(enqueue, moves.forget(context, vmId)),
    ),
    drain: enqueueActions(({ context, enqueue }) => make(enqueue, moves.drain(context))),
    reject: emit((_, { claimId }: OfClaim) => ({ type: 'rejected', claimId, reason: 'draining' }) as const),
    release: emit((_, { vmId }: OfVm) => ({ type: 'release', vmId }) as const),
    announceCooling: emit(({ context }) => {
      const { failures, lastError } = context;
      return { type: 'cooling', failures, pauseMs: pauseMs(context), error: lastError ?? '' } as const;
    }),
    announceDrained: emit({ type: 'drained' }),
  },
});
