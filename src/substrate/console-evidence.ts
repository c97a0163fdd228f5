/** What a guest's console says about a boot that did not succeed, and what to do about it. */
const EVIDENCE: readonly (readonly [RegExp, string])[] = [
  [
    /kernel panic|unable to mount root/i,
    'the console shows a kernel panic: the image does not boot, make it anew with npx vzvm image build',
  ],
  [/out of memory|oom-kill/i, 'the console shows that the guest ran out of memory: raise memoryMiB'],
  [/no space left on device/i, "the console shows that the guest's disk is full: raise diskGiB"],
  [
    /emergency (?:mode|shell)|dracut-emergency/i,
    'the console shows an emergency shell: the image does not boot, make it anew with npx vzvm image build',
  ],
  [/I\/O error/i, "the console shows that the disk cannot be read: see the host's disk with dmesg"],
];

/** The hint that a console gives; undefined where it says nothing of the kind. */
export const hintOfConsole = (console: string): string | undefined =>
  EVIDENCE.find(([evidence]) => evidence.test(console))?.[1];
