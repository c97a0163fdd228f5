import type { Step } from './types.ts';

/** What to do when a step was not done by its deadline. */
export function timeoutHint(step: Step, vmId: string): string {
  return `${CHECKS[step](vmId)}; \`timeouts${step.includes('-') ? `["${step}"]` : `.${step}`}\` allows more time`;
}

const CHECKS: Readonly<Record<Step, (vmId: string) => string>> = {
  cloning: () => 'see that the disk is not full (df -h), and that the image can be pulled (npx vzvm doctor)',
  booting: () => 'the host may be short of memory or processors: see free -m and uptime',
  'ip-polling': (vmId) =>
    `the guest has to get an address, and to start sshd if its image was built here: its console is in this error, and in npx vzvm logs ${vmId} while it boots`,
  'ssh-connect': (vmId) =>
    `the image has to start sshd: its console is in this error, and in npx vzvm logs ${vmId} while it boots`,
  upload: (vmId) => `see the disk of the guest, kept by keepOnFailure: npx vzvm exec ${vmId} -- df -h`,
  'node-install': (vmId) =>
    `the guest has to reach the network, or to have Node; see it in a guest kept by keepOnFailure: npx vzvm exec ${vmId} -- ip route`,
  'npm-install': (vmId) =>
    `the guest has to reach the npm registry; see it in a guest kept by keepOnFailure: npx vzvm exec ${vmId} -- npm ping`,
  spawn: (vmId) =>
    `the log of the harness says more, in a guest kept by keepOnFailure: npx vzvm logs ${vmId} --harness`,
};
