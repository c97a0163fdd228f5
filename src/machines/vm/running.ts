import { byId, fail } from './fragments.ts';
import { vmSetup } from './setup.ts';
import { nodeInstall, npmInstall, prepared, upload } from './steps/install.ts';
import { ipPolling, sshConnect } from './steps/reach.ts';
import { healthy, spawn } from './steps/serve.ts';
import { booting } from './steps/start.ts';

const process = vmSetup.createStateConfig({
  description: 'Watches the hypervisor process, so that its exit ends every step beside it at once.',
  initial: 'waiting',
  states: {
    waiting: {
      description: 'Waits, because there is no process to watch until the VM was started.',
      on: { 'VM.STARTED': 'watching' },
    },
    watching: {
      description:
        'Awaits the exit that should not come, because a dead VM must not be found out by a timeout.',
      invoke: {
        id: 'watchProcess',
        src: 'watchProcess',
        input: byId,
        onError: fail,
        onDone: {
          target: '#failed',
          actions: { type: 'recordGuestExit', params: ({ event }) => ({ exit: event.output }) },
        },
      },
    },
  },
});

const provision = vmSetup.createStateConfig({
  description: 'Brings the guest to a healthy harness in steps, so that a failure says how far it got.',
  initial: 'booting',
  states: {
    booting,
    'ip-polling': ipPolling,
    'ssh-connect': sshConnect,
    upload,
    'node-install': nodeInstall,
    'npm-install': npmInstall,
    prepared,
    spawn,
    healthy,
  },
});

/** From the start of the hypervisor process to its end. */
export const running = vmSetup.createStateConfig({
  description: 'Works on the VM and watches it at the same time, because it can die in every step.',
  type: 'parallel',
  states: { process, provision },
});
