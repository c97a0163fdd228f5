import { claimOf, forget, ifBooting, recordEarlyEnd, recordFailure, vmOf } from './fragments.ts';
import { limitsOf } from './limits.ts';
import { cooling, filling, full, probing } from './refill.ts';
import { poolSetup } from './setup.ts';

const open = poolSetup.createStateConfig({
  description: 'Answers claims in every state of the refill, because none of them may wait for it.',
  initial: 'filling',
  // Whoever waits is served before anything is booted for the pool: a place that is free is theirs.
  always: { guard: 'mayServe', actions: 'serveNext' },
  on: {
    CLAIM: [
      // Asked twice, answered once. Nobody is overtaken: while a claim waits there is neither a VM nor a place.
      { guard: { type: 'isKnownClaim', params: claimOf } },
      { guard: 'hasParked', actions: { type: 'giveParked', params: claimOf } },
      { guard: 'hasPlace', actions: { type: 'giveCold', params: claimOf } },
      { actions: { type: 'enqueue', params: claimOf } },
    ],
    CANCEL: { guard: { type: 'isQueued', params: claimOf }, actions: { type: 'cancel', params: claimOf } },
    'VM.PARKED': [
      { guard: { type: 'isAwaited', params: vmOf }, actions: { type: 'giveBooted', params: vmOf } },
      { guard: ifBooting, actions: { type: 'park', params: vmOf } },
    ],
    'VM.FAILED': { guard: ifBooting, target: '.cooling', actions: [recordFailure, 'countFailure'] },
    'VM.ENDED': [
      { guard: ifBooting, target: '.cooling', actions: [recordEarlyEnd, 'countFailure', forget] },
      { actions: forget },
    ],
    'VM.IDLED': { guard: { type: 'isParked', params: vmOf }, actions: { type: 'expire', params: vmOf } },
    DRAIN: 'draining',
  },
  states: { filling, full, cooling, probing },
});

const draining = poolSetup.createStateConfig({
  description: 'Begins nothing more and waits, because a VM that is forgotten would run on for ever.',
  tags: 'draining',
  meta: { title: 'Draining' },
  entry: 'drain',
  always: { guard: 'isEmpty', target: 'drained' },
  on: {
    CLAIM: { actions: { type: 'reject', params: claimOf } },
    // It was parked before its owner heard that the boot is off.
    'VM.PARKED': {
      guard: { type: 'isLeaving', params: vmOf },
      actions: { type: 'release', params: vmOf },
    },
    'VM.ENDED': { actions: forget },
  },
});

/** A pool of parked VMs. Pure: it knows ids and numbers, the VMs are machines of their own. */
export const poolMachine = poolSetup.createMachine({
  id: 'pool',
  description:
    'Which VM a claim gets and which are booted for it in advance, up to the proof that all have ended.',
  // An eventless loop would hang the process; xstate's own limit is infinite.
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    limits: limitsOf(input),
    made: 0,
    booting: [],
    parked: [],
    given: [],
    leaving: [],
    overdue: null,
    queue: [],
    failures: 0,
    lastError: null,
  }),
  initial: 'open',
  states: {
    open,
    draining,
    drained: {
      type: 'final',
      description: 'Knows no VM any more, because each of them was told to have ended.',
      entry: 'announceDrained',
    },
  },
});
