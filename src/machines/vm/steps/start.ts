import { backingOff, begin, byId, done, retryOrFail, timedOut, unless } from '../fragments.ts';
import { vmSetup } from '../setup.ts';

export const cloning = vmSetup.createStateConfig({
  description: 'Makes the VM its own copy of the image, so that nothing it does survives it.',
  tags: 'provisioning',
  meta: { title: 'Clone the image', slowAfterMs: 30_000 },
  entry: begin('cloning'),
  initial: 'deciding',
  onDone: 'running',
  after: { cloningTimeout: timedOut('cloning') },
  states: {
    deciding: unless('isFork'),
    trying: {
      description: 'Clones once; a failed clone leaves nothing, so that it can be tried again.',
      invoke: { id: 'clone', src: 'clone', input: byId, onError: retryOrFail, onDone: 'done' },
    },
    'backing-off': backingOff,
    done,
  },
});

export const booting = vmSetup.createStateConfig({
  description: 'Starts the hypervisor process, because from then on its death is seen from every step.',
  tags: 'provisioning',
  meta: { title: 'Start the VM', slowAfterMs: 10_000 },
  entry: begin('booting'),
  initial: 'trying',
  onDone: 'ip-polling',
  after: { bootingTimeout: timedOut('booting') },
  states: {
    trying: {
      description: 'Starts once and tells the region beside it, which then has a process to watch.',
      invoke: {
        id: 'startVm',
        src: 'startVm',
        input: byId,
        onError: retryOrFail,
        onDone: { target: 'done', actions: 'raiseStarted' },
      },
    },
    'backing-off': backingOff,
    done,
  },
});
