import { assign, emit, raise, setup } from 'xstate';
import { messageOf } from '../../errors.ts';
import { contracts } from './contracts.ts';
import { delays } from './delays.ts';
import { failureOf, guestExitOf, harnessExitOf, lostOf, timeoutOf } from './failure.ts';
import { guards } from './guards.ts';
import type {
  GuestExit,
  GuestFacts,
  HarnessExit,
  Step,
  Thrown,
  VmContext,
  VmEmitted,
  VmEvent,
  VmInput,
  VmMeta,
  VmOutput,
  VmTag,
  Where,
} from './types.ts';

/** The chart's vocabulary. Its actions only remember and tell: one that throws would end a VM without its teardown. */
export const vmSetup = setup({
  types: {} as {
    context: VmContext;
    events: VmEvent;
    emitted: VmEmitted;
    input: VmInput;
    output: VmOutput;
    tags: VmTag;
    meta: VmMeta;
  },
  actors: contracts,
  guards,
  delays,
  actions: {
    begin: assign((_, params: { step: Where }) => ({
      step: params.step,
      attempt: 1,
      looks: 0,
      lastError: null,
    })),
    countAttempt: assign(({ context }, params: Thrown) => ({
      attempt: context.attempt + 1,
      lastError: messageOf(params.error),
    })),
    countLook: assign(({ context }) => ({ looks: context.looks + 1 })),
    recordLastError: assign((_, params: Thrown) => ({ lastError: messageOf(params.error) })),
    recordAddress: assign((_, params: { address: string | null }) => ({ address: params.address })),
    recordFacts: assign((_, params: { guest: GuestFacts }) => ({ guest: params.guest })),
    // None of these can replace an earlier failure: `failed` has no actor left that could fail.
    recordFailure: assign(({ context }, params: Thrown) => ({
      failure: failureOf(params.error, context),
    })),
    recordTimeout: assign(({ context }, params: { step: Step }) => ({
      failure: timeoutOf(params.step, context.timeoutsMs[params.step], context),
    })),
    recordGuestExit: assign(({ context }, params: { exit: GuestExit }) => ({
      failure: guestExitOf(params.exit, context),
    })),
    recordHarnessExit: assign(({ context }, params: { exit: HarnessExit }) => ({
      failure: harnessExitOf(params.exit, context),
    })),
    recordLost: assign(({ context }) => ({ failure: lostOf(context) })),
    forgetLooks: assign({ looks: 0, lastError: null }),
    recordReason: assign((_, params: { reason: string }) => ({ disposeReason: params.reason })),
    recordProblems: assign((_, params: { problems: readonly string[] }) => ({ problems: params.problems })),
    raiseStarted: raise({ type: 'VM.STARTED' }),
    announce: emit(
      ({ context }) => ({ type: 'step', step: context.step, phase: 'start', attempt: 1 }) as const,
    ),
    announceRetry: emit(({ context }) => {
      const { step, attempt, lastError } = context;
      return {
        type: 'step',
        step,
        phase: 'retry',
        attempt,
        ...(lastError === null ? {} : { lastError }),
      } as const;
    }),
    announceSkip: emit(
      ({ context }) => ({ type: 'step', step: context.step, phase: 'skipped', attempt: 0 }) as const,
    ),
    announceImage: emit((_, params: { problem: string | null }) => ({
      type: 'image' as const,
      ...(params.problem === null ? {} : { problem: params.problem }),
    })),
    announceReady: emit({ type: 'ready' }),
    announceLost: emit((_, params: Thrown) => ({ type: 'lost', reason: messageOf(params.error) }) as const),
    announceFound: emit({ type: 'found' }),
    announceFailure: emit(({ context }) => {
      const failure = context.failure ?? failureOf('failed for no recorded reason', context);
      return { type: 'failed', failure } as const;
    }),
  },
});
