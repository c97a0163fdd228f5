import type { GuestExit, HarnessExit } from './types.ts';

type Hint = readonly [evidence: RegExp, hint: string];

const MEMORY = 'end what uses the memory (look with: free -m), or ask for a smaller VM with memoryMiB';
const KILLED = `the host has most likely run out of memory: see dmesg | grep -i "killed process"; ${MEMORY}`;

const DISK = "the host's disk is full: see df -h, and make room with npx vzvm image prune";

const GUEST: readonly Hint[] = [
  [/cannot allocate memory|cannot set up guest memory/i, `the host has too little memory: ${MEMORY}`],
  [/no space left/i, DISK],
  [/permission denied|operation not permitted/i, 'the host does not permit it: see npx vzvm doctor'],
  [/kernel panic|unable to mount root/i, 'the image does not boot: make it anew with npx vzvm image build'],
];

const HARNESS: readonly Hint[] = [
  [/heap out of memory|out of memory/i, 'the guest has too little memory: give it more with memoryMiB'],
  [/ENOSPC|no space left/i, "the guest's disk is full: give it more with diskGiB"],
  [
    /ERR_MODULE_NOT_FOUND|cannot find (?:module|package)/i,
    "packages are missing in the guest: set prepare: 'never' once, or make the image anew with npx vzvm image build",
  ],
  [/EADDRINUSE|"PORT_TAKEN"/, 'use an image in which nothing listens on port 7700'],
];

const found = (hints: readonly Hint[], text: string): string | undefined =>
  hints.find(([evidence]) => evidence.test(text))?.[1];

/** What to do about the end of a hypervisor, by what it said and how it ended. */
export function guestExitHint({ code, signal, stderrTail }: GuestExit): string {
  const known = found(GUEST, stderrTail);
  if (known !== undefined) return known;
  if (signal === 'SIGKILL' || code === 137) return KILLED;
  // The memory of a VM that is to be forked or saved is a file: the kernel ends whoever writes where there is no room for it.
  if (signal === 'SIGBUS' || code === 135) return DISK;
  if (code === 0) return 'the guest has powered itself off: the end of its console is in this error';
  return 'the end of its output is in this error; npx vzvm doctor looks at what a VM needs of this host';
}

/** What to do about the end of a harness, by what it said and how it ended. */
export function harnessExitHint({ code, stderrTail }: HarnessExit, vmId: string): string {
  const known = found(HARNESS, stderrTail);
  if (known !== undefined) return known;
  if (code === 137 || code === 134) return 'the guest has too little memory: give it more with memoryMiB';
  return `the end of its log is in this error; with keepOnFailure the VM stays: npx vzvm logs ${vmId} --harness`;
}
