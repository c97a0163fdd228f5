import { DEFAULT_IMAGE_TIMEOUTS_MS } from './limits.ts';
import { imageSetup } from './setup.ts';
import type { ImageContext, ImageStep } from './types.ts';

const byKey = ({ context }: { context: ImageContext }) => ({ key: context.key });
const announce = (step: ImageStep | 'waiting') => ({ type: 'announce', params: { step } }) as const;

/** A cancelled operation is not a failure: all goes, with none recorded. */
const orFail = (step: ImageStep) => {
  const thrown = ({ event }: { event: { error: unknown } }) => ({ step, error: event.error });
  return [
    { guard: { type: 'wasAborted', params: thrown }, target: 'removing', actions: 'recordCancelled' },
    { target: 'removing', actions: { type: 'recordFailure', params: thrown } },
  ] as const;
};

const timedOut = (step: ImageStep) =>
  ({ target: 'removing', actions: { type: 'recordTimeout', params: { step } } }) as const;

/** What every state on the way has: it is told, and it can be cancelled. */
const working = (step: ImageStep | 'waiting', title: string, slowAfterMs?: number) =>
  ({
    tags: 'working',
    meta: { title, ...(slowAfterMs === undefined ? {} : { slowAfterMs }) },
    entry: announce(step),
    on: { CANCEL: { target: 'removing', actions: 'recordCancelled' } },
  }) as const;

/** The making of one prepared image: a VM is brought as far as a harness that only has to start, and its disk is kept. */
export const imageMachine = imageSetup.createMachine({
  id: 'image',
  description: 'One prepared image, from the look whether it is there to the proof that its VM is gone.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    key: input.key,
    timeoutsMs: { ...DEFAULT_IMAGE_TIMEOUTS_MS, ...input.timeoutsMs },
    made: false,
    failure: null,
    cancelled: false,
    problems: [],
  }),
  initial: 'waiting',
  output: ({ context: { made, failure, cancelled, problems } }) => ({ made, failure, cancelled, problems }),
  states: {
    waiting: {
      description: 'Waits for its turn, because two that make the same image would do the work twice.',
      ...working('waiting', 'Wait for another builder', 15_000),
      invoke: {
        id: 'waitForTurn',
        src: 'waitForTurn',
        input: byKey,
        onDone: 'looking',
        onError: orFail('looking'),
      },
    },
    looking: {
      description: 'Looks only now, because whoever was waited for may just have made it.',
      ...working('looking', 'Look for the image', 10_000),
      after: { lookingTimeout: timedOut('looking') },
      invoke: {
        id: 'findImage',
        src: 'findImage',
        input: byKey,
        onError: orFail('looking'),
        onDone: [
          {
            guard: { type: 'isFound', params: ({ event }) => ({ found: event.output }) },
            target: 'removing',
          },
          { target: 'provisioning' },
        ],
      },
    },
    provisioning: {
      description: 'Boots a VM of its own, because the image must hold nothing of anybody’s session.',
      ...working('provisioning', 'Boot and install'),
      after: { provisioningTimeout: timedOut('provisioning') },
      invoke: {
        id: 'provision',
        src: 'provision',
        input: byKey,
        onDone: 'sealing',
        onError: orFail('provisioning'),
      },
    },
    sealing: {
      description: 'Takes the VM’s identity off its disk, because clones that share one are not told apart.',
      ...working('sealing', 'Seal', 30_000),
      after: { sealingTimeout: timedOut('sealing') },
      invoke: {
        id: 'seal',
        src: 'seal',
        input: byKey,
        onDone: 'powering-off',
        onError: orFail('sealing'),
      },
    },
    'powering-off': {
      description: 'Powers off politely, because what is in memory only is not on the disk yet.',
      ...working('powering-off', 'Power off', 30_000),
      after: { poweringOffTimeout: timedOut('powering-off') },
      invoke: {
        id: 'powerOff',
        src: 'powerOff',
        input: byKey,
        onDone: 'keeping',
        onError: orFail('powering-off'),
      },
    },
    keeping: {
      description: 'Keeps the disk under the key; it is there whole or not at all.',
      ...working('keeping', 'Keep the disk', 60_000),
      after: { keepingTimeout: timedOut('keeping') },
      invoke: {
        id: 'keep',
        src: 'keep',
        input: byKey,
        onDone: { target: 'removing', actions: 'recordMade' },
        onError: orFail('keeping'),
      },
    },
    removing: {
      description: 'Removes the VM and gives the turn back, however it went: the one way to the end.',
      tags: 'removing',
      meta: { title: 'Remove the VM', slowAfterMs: 30_000 },
      entry: announce('removing'),
      after: {
        removingTimeout: {
          target: 'done',
          actions: {
            type: 'recordProblems',
            params: { problems: ['the VM was not removed by the deadline: it may be left behind'] },
          },
        },
      },
      invoke: {
        id: 'remove',
        src: 'remove',
        input: byKey,
        onDone: {
          target: 'done',
          actions: { type: 'recordProblems', params: ({ event }) => ({ problems: event.output }) },
        },
        onError: {
          target: 'done',
          actions: {
            type: 'recordProblems',
            params: ({ event }) => ({ problems: [String(event.error)] }),
          },
        },
      },
    },
    done: {
      type: 'final',
      description: 'Says in its output what became of it.',
    },
  },
});
