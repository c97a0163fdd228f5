import { backingOff, begin, byId, done, retryOrFail, timedOut, unless, waitingFor } from '../fragments.ts';
import { vmSetup } from '../setup.ts';

export const ipPolling = vmSetup.createStateConfig({
  description: 'Waits for an address, because a guest gets one only after its kernel is up.',
  tags: 'provisioning',
  meta: { title: 'Wait for an address', slowAfterMs: 30_000 },
  entry: begin('ip-polling'),
  initial: 'trying',
  onDone: 'ssh-connect',
  after: { ipPollingTimeout: timedOut('ip-polling') },
  states: {
    trying: {
      description: 'Looks once; no address yet is an answer, not an error.',
      invoke: {
        id: 'pollAddress',
        src: 'pollAddress',
        input: byId,
        onError: retryOrFail,
        onDone: [
          {
            guard: { type: 'isPresent', params: ({ event }) => ({ value: event.output }) },
            target: 'done',
            actions: { type: 'recordAddress', params: ({ event }) => ({ address: event.output }) },
          },
          { target: 'waiting', actions: 'countLook' },
        ],
      },
    },
    waiting: waitingFor('trying'),
    'backing-off': backingOff,
    done,
  },
});

export const sshConnect = vmSetup.createStateConfig({
  description: 'Makes first contact, because only then is it known what the guest already has.',
  tags: 'provisioning',
  meta: { title: 'Connect by SSH', slowAfterMs: 60_000 },
  entry: begin('ssh-connect'),
  initial: 'deciding',
  onDone: 'upload',
  after: { sshConnectTimeout: timedOut('ssh-connect') },
  states: {
    // Nobody can log in to a fork before it is claimed: until then it has its template's keys.
    deciding: unless('isFork'),
    trying: {
      description:
        'Connects once; a guest that is still booting refuses, so that this is tried until the deadline.',
      invoke: {
        id: 'connect',
        src: 'connect',
        input: byId,
        onError: retryOrFail,
        onDone: {
          target: 'done',
          actions: { type: 'recordFacts', params: ({ event }) => ({ guest: event.output }) },
        },
      },
    },
    'backing-off': backingOff,
    done,
  },
});
