import type { Where } from '../machines/vm/index.ts';

/** What is there of a VM whose boot failed. */
export interface LeftOfBoot {
  readonly guest: string;
  /** It is kept for a look. */
  readonly isKept: boolean;
  /** What could not be released. */
  readonly problems: readonly string[];
}

const CONSOLE: ReadonlySet<Where> = new Set(['booting', 'ip-polling', 'ssh-connect']);
const HARNESS: ReadonlySet<Where> = new Set(['spawn', 'healthy']);

/** How to look into what a failed boot has left, and how to remove it; undefined where it left nothing. */
export function lookHint(step: Where, { guest, isKept, problems }: LeftOfBoot): string | undefined {
  if (problems.length > 0) return `remove what is left of it: npx vzvm rm ${guest}`;
  if (!isKept || step === 'cloning') return undefined;
  const look = CONSOLE.has(step)
    ? `npx vzvm logs ${guest}`
    : HARNESS.has(step)
      ? `npx vzvm logs ${guest} --harness`
      : `npx vzvm ssh ${guest}`;
  return `the VM is kept, look into it: ${look}; then remove it: npx vzvm rm ${guest}`;
}
