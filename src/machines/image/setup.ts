import { assign, emit, fromPromise, setup } from 'xstate';
import { isAborted, VzvmError } from '../../errors.ts';
import { failureOf, timeoutOf } from './failure.ts';
import type {
  ImageContext,
  ImageEmitted,
  ImageEvent,
  ImageInput,
  ImageOutput,
  ImageStep,
  ImageTag,
  Thrown,
} from './types.ts';

/** Contracts only: the implementations come from `provide()`, and every input is the image's key. */
const contract = <Out>(name: string) =>
  fromPromise<Out, { readonly key: string }>(() =>
    Promise.reject(new VzvmError('INTERNAL', `the actor ${name} was not provided`)),
  );

const within =
  (step: ImageStep) =>
  ({ context }: { context: ImageContext }): number =>
    context.timeoutsMs[step];

/** The chart's vocabulary. Its actions only remember and tell. */
export const imageSetup = setup({
  types: {} as {
    context: ImageContext;
    events: ImageEvent;
    emitted: ImageEmitted;
    input: ImageInput;
    output: ImageOutput;
    tags: ImageTag;
    meta: { readonly title: string; readonly slowAfterMs?: number };
  },
  actors: {
    /** Whether the image is there. */
    findImage: contract<boolean>('findImage'),
    /** Resolves when nobody else makes this image, and nobody else will until it is removed. */
    waitForTurn: contract<void>('waitForTurn'),
    /** Boots a VM until everything is in it but a harness that runs. */
    provision: contract<void>('provision'),
    seal: contract<void>('seal'),
    powerOff: contract<void>('powerOff'),
    keep: contract<void>('keep'),
    /** Removes the VM and gives the turn back; resolves with what could not be removed. */
    remove: contract<string[]>('remove'),
  },
  guards: {
    isFound: (_, params: { readonly found: boolean }) => params.found,
    wasAborted: (_, params: Thrown) => isAborted(params.error),
  },
  delays: {
    lookingTimeout: within('looking'),
    provisioningTimeout: within('provisioning'),
    sealingTimeout: within('sealing'),
    poweringOffTimeout: within('powering-off'),
    keepingTimeout: within('keeping'),
    removingTimeout: within('removing'),
  },
  actions: {
    announce: emit((_, params: { step: ImageEmitted['step'] }) => ({ type: 'step' as const, ...params })),
    recordMade: assign({ made: true }),
    recordCancelled: assign({ cancelled: true }),
    recordFailure: assign(({ context }, params: Thrown) => ({
      failure: context.failure ?? failureOf(params.step, params.error),
    })),
    recordTimeout: assign(({ context }, params: { step: ImageStep }) => ({
      failure: context.failure ?? timeoutOf(params.step, context.timeoutsMs[params.step]),
    })),
    recordProblems: assign((_, params: { problems: readonly string[] }) => ({ problems: params.problems })),
  },
});
