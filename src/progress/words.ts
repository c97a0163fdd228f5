/** What a step waits for, and what can be done meanwhile. `NAME` stands for the VM. */
interface Words {
  readonly waitsFor: string;
  readonly whatToDo: string;
}

const CONSOLE = 'read its console: npx vzvm logs NAME -f';
const LOOK_INSIDE = 'see what it does: npx vzvm exec NAME -- top -bn1';
const DISK = 'see for a full or a busy disk: df -h; iostat -x 2 3';

const OF_STEPS: Readonly<Record<string, Words>> = {
  cloning: { waitsFor: 'the copy of the image', whatToDo: DISK },
  booting: {
    waitsFor: 'the hypervisor to start',
    whatToDo: 'see whether the host is short of memory or processors: free -m; uptime',
  },
  'ip-polling': { waitsFor: "the guest's kernel and network to come up", whatToDo: CONSOLE },
  'ssh-connect': { waitsFor: "the guest's SSH server to let us in", whatToDo: CONSOLE },
  upload: { waitsFor: 'the harness to be sent', whatToDo: LOOK_INSIDE },
  'node-install': { waitsFor: 'Node to be fetched and unpacked in the guest', whatToDo: LOOK_INSIDE },
  'npm-install': {
    waitsFor: 'npm to install the packages of the harness in the guest',
    whatToDo: 'see that the guest reaches its registry: npx vzvm exec NAME -- npm ping',
  },
  spawn: { waitsFor: 'the harness to answer', whatToDo: 'read its log: npx vzvm logs NAME --harness' },
  disposing: {
    waitsFor: 'the VM to stop and its files to go',
    whatToDo: 'nothing: it is ended by force when its time is over',
  },
  waiting: {
    waitsFor: 'another program that makes the same image',
    whatToDo: 'see which VMs there are, and whose: npx vzvm ls',
  },
  sealing: { waitsFor: 'the guest to forget who it is', whatToDo: CONSOLE },
  'powering-off': { waitsFor: 'the guest to power off', whatToDo: CONSOLE },
  keeping: { waitsFor: 'the disk to be kept', whatToDo: DISK },
  removing: { waitsFor: 'the VM of the image to go', whatToDo: 'see what is left: npx vzvm ls' },
};

const OF_OTHERS: Words = { waitsFor: 'its end', whatToDo: 'see how busy the host is: uptime' };

/** What a step of a VM waits for, and what can be done meanwhile. */
export function wordsFor(step: string, vm: string | undefined): Words {
  const { waitsFor, whatToDo } = (Object.hasOwn(OF_STEPS, step) ? OF_STEPS[step] : undefined) ?? OF_OTHERS;
  return { waitsFor, whatToDo: whatToDo.replace('NAME', vm ?? 'NAME') };
}

/** A duration for people. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
