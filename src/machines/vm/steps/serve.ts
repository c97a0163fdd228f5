import {
  backingOff,
  begin,
  byId,
  done,
  lookAgainOrFail,
  outOfSightOrFail,
  retryOrFail,
  timedOut,
  waitingFor,
} from '../fragments.ts';
import { vmSetup } from '../setup.ts';

export const spawn = vmSetup.createStateConfig({
  description: 'Starts the harness and waits until it answers, so that nobody is given one that does not.',
  tags: 'provisioning',
  meta: { title: 'Start the harness', slowAfterMs: 30_000 },
  entry: begin('spawn'),
  initial: 'deciding',
  onDone: 'healthy',
  after: { spawnTimeout: timedOut('spawn') },
  states: {
    deciding: {
      description: 'Asks whether this is a fork, because its harness was started in its template.',
      always: [{ guard: 'isFork', target: 'probing' }, { target: 'trying' }],
    },
    trying: {
      description: 'Starts the harness once; a start that failed safely left no harness behind.',
      invoke: {
        id: 'spawnHarness',
        src: 'spawnHarness',
        input: byId,
        onError: retryOrFail,
        onDone: 'probing',
      },
    },
    'backing-off': backingOff,
    probing: {
      description: 'Looks once at its health, because a process that runs need not serve.',
      invoke: {
        id: 'probeHealth',
        src: 'probeHealth',
        input: byId,
        onError: lookAgainOrFail,
        onDone: [
          {
            guard: { type: 'isHealthy', params: ({ event }) => ({ healthy: event.output }) },
            target: 'done',
          },
          { target: 'waiting', actions: 'countLook' },
        ],
      },
    },
    waiting: waitingFor('probing'),
    done,
  },
});

const outOfSight = vmSetup.createStateConfig({
  description: 'Reaches for the guest again until a deadline, because what is out of sight need not be gone.',
  initial: 'waiting',
  onDone: { target: 'watching', actions: ['forgetLooks', 'announceFound'] },
  after: { outOfSightTimeout: { target: '#failed', actions: 'recordLost' } },
  states: {
    // First of all: a VM that died takes its connections along, and the region beside this one knows better.
    waiting: waitingFor('reaching'),
    reaching: {
      description: 'Reaches for the guest once, because its network may come back at any moment.',
      invoke: {
        id: 'reachGuest',
        src: 'reachGuest',
        input: byId,
        onError: lookAgainOrFail,
        onDone: 'done',
      },
    },
    done,
  },
});

export const healthy = vmSetup.createStateConfig({
  description: 'The harness serves; it is watched, because a crash must not look like silence.',
  tags: 'ready',
  meta: { title: 'Healthy' },
  entry: [...begin('healthy'), 'announceReady'],
  initial: 'watching',
  states: {
    watching: {
      description:
        'Awaits the end of the harness over a connection, which may break while the harness lives.',
      invoke: {
        id: 'watchHarness',
        src: 'watchHarness',
        input: byId,
        onError: outOfSightOrFail,
        onDone: {
          target: '#failed',
          actions: { type: 'recordHarnessExit', params: ({ event }) => ({ exit: event.output }) },
        },
      },
    },
    'out-of-sight': outOfSight,
  },
});
