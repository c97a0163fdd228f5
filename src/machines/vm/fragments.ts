import type { Step, VmContext, Where } from './types.ts';

// Plain pieces of configuration that every step shares; they are type-checked where they are used.

/** Entering a step: remember it and say so. */
export const begin = (step: Where) => [{ type: 'begin', params: { step } }, 'announce'] as const;

/** Every actor is given an id only. */
export const byId = ({ context }: { context: VmContext }) => ({ vmId: context.vmId });

const errorOf = ({ event }: { event: { error: unknown } }) => ({ error: event.error });
const countAttempt = { type: 'countAttempt', params: errorOf } as const;

/** A cancelled operation is not a failure: the VM goes, with none recorded. */
const cancelled = {
  guard: { type: 'wasAborted', params: errorOf },
  target: '#disposing',
  actions: { type: 'recordReason', params: { reason: 'aborted' } },
} as const;

const failed = { target: '#failed', actions: { type: 'recordFailure', params: errorOf } } as const;

/** A failure that is not tried again. */
export const fail = [cancelled, failed] as const;

/** A failed attempt: again after a pause where that is safe, else the VM has failed. */
export const retryOrFail = [
  cancelled,
  { guard: { type: 'canRetry', params: errorOf }, target: 'backing-off', actions: countAttempt },
  failed,
] as const;

/** A failed look: where looking again is safe it was only too early, and the deadline bounds it. */
export const lookAgainOrFail = [
  cancelled,
  {
    guard: { type: 'mayLookAgain', params: errorOf },
    target: 'waiting',
    actions: ['countLook', { type: 'recordLastError', params: errorOf }],
  },
  failed,
] as const;

/** What is watched is out of sight: where looking again is safe, nothing is known to be wrong with it. */
export const outOfSightOrFail = [
  cancelled,
  {
    guard: { type: 'mayLookAgain', params: errorOf },
    target: 'out-of-sight',
    actions: [
      'countLook',
      { type: 'recordLastError', params: errorOf },
      { type: 'announceLost', params: errorOf },
    ],
  },
  failed,
] as const;

/** The pause between two attempts, in the chart so that it is seen and simulated. */
export const backingOff = {
  description: 'Pauses before the next attempt, because what failed at once would fail at once again.',
  after: { backOff: { target: 'trying', actions: 'announceRetry' } },
} as const;

/** A pause between two looks: nothing went wrong, so nothing is announced. */
export const waitingFor = <Target extends string>(target: Target) =>
  ({
    description: 'Pauses before the next look, because what is not there yet needs a moment.',
    after: { lookAgain: target },
  }) as const;

/** Skips a step whose work the guest has behind it, and says so. */
export const unless = <Guard extends string>(guard: Guard) =>
  ({
    description: 'Asks what is known, because a prepared image or a template has this done already.',
    always: [{ guard, target: 'done', actions: 'announceSkip' }, { target: 'trying' }],
  }) as const;

export const done = {
  type: 'final',
  description: 'Ends the step, because only its parent knows which one is next.',
} as const;

/** The step's deadline, over all its attempts. */
export const timedOut = (step: Step) =>
  ({ target: '#failed', actions: { type: 'recordTimeout', params: { step } } }) as const;
