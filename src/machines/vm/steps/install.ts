import { backingOff, begin, byId, done, fail, retryOrFail, timedOut, unless } from '../fragments.ts';
import { vmSetup } from '../setup.ts';

export const upload = vmSetup.createStateConfig({
  description: 'Sends the harness, because images do not have it; skipped when the same content is there.',
  tags: 'provisioning',
  meta: { title: 'Upload the harness', slowAfterMs: 15_000 },
  entry: begin('upload'),
  initial: 'deciding',
  onDone: 'node-install',
  after: { uploadTimeout: timedOut('upload') },
  states: {
    deciding: unless('isUploaded'),
    trying: {
      description: 'Uploads once, over a connection that may break and be made again.',
      invoke: { id: 'upload', src: 'upload', input: byId, onError: retryOrFail, onDone: 'done' },
    },
    'backing-off': backingOff,
    done,
  },
});

export const nodeInstall = vmSetup.createStateConfig({
  description: 'Gives the guest a Node, because the harness is JavaScript; skipped when it has one.',
  tags: 'provisioning',
  meta: { title: 'Install Node', slowAfterMs: 60_000 },
  entry: begin('node-install'),
  initial: 'deciding',
  onDone: 'npm-install',
  after: { nodeInstallTimeout: timedOut('node-install') },
  states: {
    deciding: unless('hasNode'),
    trying: {
      description: 'Installs once, from a network that may fail for a moment.',
      invoke: { id: 'installNode', src: 'installNode', input: byId, onError: retryOrFail, onDone: 'done' },
    },
    'backing-off': backingOff,
    done,
  },
});

/** Where a VM that is made into an image waits, with no harness started and no secret in it. */
export const prepared = vmSetup.createStateConfig({
  description: 'Has everything but a harness that runs, because an image must hold no secret of a session.',
  tags: 'ready',
  meta: { title: 'Prepared' },
  entry: 'announceReady',
});

export const npmInstall = vmSetup.createStateConfig({
  description:
    'Installs what the harness needs beside itself, from the lock file; skipped when the same is there.',
  tags: 'provisioning',
  meta: { title: 'Install the packages', slowAfterMs: 180_000 },
  entry: begin('npm-install'),
  initial: 'deciding',
  onDone: [{ guard: 'endsPrepared', target: 'prepared' }, { target: 'spawn' }],
  after: { npmInstallTimeout: timedOut('npm-install') },
  states: {
    deciding: unless('hasPackages'),
    trying: {
      description: 'Installs once, from a registry that may fail for a moment.',
      invoke: {
        id: 'installPackages',
        src: 'installPackages',
        input: byId,
        onError: retryOrFail,
        onDone: [{ guard: 'keepsImage', target: 'keeping' }, { target: 'done' }],
      },
    },
    'backing-off': backingOff,
    keeping: {
      description: 'Keeps the disk as it is now, because the next VM can then start from here.',
      invoke: {
        id: 'keepImage',
        src: 'keepImage',
        input: byId,
        onError: fail,
        onDone: {
          target: 'done',
          actions: { type: 'announceImage', params: ({ event }) => ({ problem: event.output }) },
        },
      },
    },
    done,
  },
});
