import { backOffMs, delay, lookAgainMs } from './limits.ts';
import type { StepTimeouts, VmContext } from './types.ts';

type At = { readonly context: VmContext };

const within =
  (step: keyof StepTimeouts) =>
  ({ context }: At): number =>
    delay(context.timeoutsMs[step]);

/** Every timer of a VM: functions of its context, because deadlines are each VM's own. */
export const delays = {
  backOff: ({ context }: At) => backOffMs(context),
  lookAgain: ({ context }: At) => lookAgainMs(context),
  cloningTimeout: within('cloning'),
  bootingTimeout: within('booting'),
  ipPollingTimeout: within('ip-polling'),
  sshConnectTimeout: within('ssh-connect'),
  uploadTimeout: within('upload'),
  nodeInstallTimeout: within('node-install'),
  npmInstallTimeout: within('npm-install'),
  spawnTimeout: within('spawn'),
  outOfSightTimeout: within('healthy'),
  disposingTimeout: within('disposing'),
};
