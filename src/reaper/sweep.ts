import { messageOf } from '../errors.ts';
import type { Journal, VmRecord } from '../journal/index.ts';
import { fateOf } from '../process/identity.ts';
import { reap } from './reap.ts';
import { releaseVm } from './release-vm.ts';

/** What a sweep has done. */
export interface Swept {
  readonly removed: readonly string[];
  readonly problems: readonly { readonly guest: string; readonly problem: string }[];
}

/**
 * Removes what even the reaper has missed, as after a power cut: all that owners which are certainly gone have left, and
 * detached VMs whose time is over. Cancelled, it ends with what is under way.
 */
export async function sweep(journal: Journal, signal?: AbortSignal): Promise<Swept> {
  const removed: string[] = [];
  for (const { owner } of await journal.owners()) {
    if (signal?.aborted) break;
    if ((await fateOf(owner)) === 'gone') removed.push(...(await reap(journal, owner, signal)));
  }
  const problems: { guest: string; problem: string }[] = [];
  for (const { guest } of await journal.list()) {
    if (signal?.aborted) break;
    try {
      if (await releaseVm(journal, guest, isAbandoned)) removed.push(guest);
    } catch (error) {
      problems.push({ guest, problem: messageOf(error) });
    }
  }
  return { removed, problems };
}

/** Nobody will end it: its owner is certainly gone, or its time as a detached VM is over. */
export async function isAbandoned({ owner, expiresAt }: VmRecord): Promise<boolean> {
  if (owner) return (await fateOf(owner)) === 'gone';
  return expiresAt !== undefined && expiresAt <= Date.now();
}
