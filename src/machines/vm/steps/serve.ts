import {
  backingOff,
  begin,
  byId,
  done,
  fail,
  lookAgainOrFail,
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

export const healthy = vmSetup.createStateConfig({
  description: 'The harness serves; it is watched, because a crash must not look like silence.',
  tags: 'ready',
  meta: { title: 'Healthy' },
  entry: [...begin('healthy'), 'announceReady'],
  invoke: {
    id: 'watchHarness',
    src: 'watchHarness',
    input: byId,
    onError: fail,
    onDone: {
      target: '#failed',
      actions: { type: 'recordHarnessExit', params: ({ event }) => ({ exit: event.output }) },
    },
  },
});
