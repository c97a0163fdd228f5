import { disposing } from './disposing.ts';
import { begin } from './fragments.ts';
import { DEFAULT_POLL_MS, DEFAULT_RETRIES, DEFAULT_TIMEOUTS_MS, withDefaults } from './limits.ts';
import { running } from './running.ts';
import { vmSetup } from './setup.ts';
import { cloning } from './steps/start.ts';
import type { GuestFacts } from './types.ts';

const failed = vmSetup.createStateConfig({
  id: 'failed',
  description: 'Keeps the first failure; the VM goes at once, unless it was asked to be kept for a look.',
  tags: 'failed',
  meta: { title: 'Failed' },
  entry: [...begin('failed'), 'announceFailure'],
  always: {
    guard: 'disposesOnFailure',
    target: '#disposing',
    actions: { type: 'recordReason', params: { reason: 'failed' } },
  },
});

const alive = vmSetup.createStateConfig({
  description:
    'Holds every state that may own a resource, so that its few ways out are the only ways into disposing.',
  initial: 'cloning',
  on: {
    DISPOSE: {
      target: 'disposing',
      actions: { type: 'recordReason', params: ({ event }) => ({ reason: event.reason }) },
    },
  },
  states: { cloning, running, failed },
});

/** A fork has everything that its template had. */
const factsFor = (isFork: boolean): GuestFacts => ({
  harnessUploaded: isFork,
  nodeReady: isFork,
  packagesReady: isFork,
});

/** The life of one VM. Pure: its actors come from `provide()`, its timers are all in here. */
export const vmMachine = vmSetup.createMachine({
  id: 'vm',
  description: 'One VM, from the clone of its image to the proof that nothing of it is left.',
  // An eventless loop would hang the process; xstate's own limit is infinite.
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    vmId: input.vmId,
    image: input.image,
    keepOnFailure: input.keepOnFailure ?? false,
    keepsImage: input.keepsImage ?? false,
    endsPrepared: input.endsPrepared ?? false,
    isFork: input.isFork ?? false,
    timeoutsMs: withDefaults(DEFAULT_TIMEOUTS_MS, input.timeoutsMs),
    retries: withDefaults(DEFAULT_RETRIES, input.retries),
    pollMs: input.pollMs ?? DEFAULT_POLL_MS,
    step: 'cloning',
    attempt: 1,
    looks: 0,
    lastError: null,
    address: null,
    guest: factsFor(input.isFork ?? false),
    failure: null,
    disposeReason: null,
    problems: [],
  }),
  initial: 'alive',
  output: ({ context }) => ({
    vmId: context.vmId,
    failure: context.failure,
    disposeReason: context.disposeReason,
    problems: context.problems,
  }),
  states: {
    alive,
    disposing,
    disposed: {
      type: 'final',
      description: 'Says in its output what is left, because nobody can look it up later.',
    },
  },
});
