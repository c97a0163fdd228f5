import { isAborted, messageOf } from '../errors.ts';
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
  const swept: Sweeping = { removed: [], problems: [] };
  try {
    await sweepOwners(journal, swept, signal);
    await sweepVms(journal, swept, signal);
  } catch (error) {
    // Cancelled: what is left is the next one's.
    if (!signal?.aborted) throw error;
  }
  return swept;
}

interface Sweeping {
  readonly removed: string[];
  readonly problems: { readonly guest: string; readonly problem: string }[];
}

async function sweepOwners(journal: Journal, { removed }: Sweeping, signal?: AbortSignal): Promise<void> {
  for (const { owner } of await journal.owners()) {
    if (signal?.aborted) return;
    if ((await fateOf(owner, signal)) === 'gone') removed.push(...(await reap(journal, owner, signal)));
  }
}

async function sweepVms(
  journal: Journal,
  { removed, problems }: Sweeping,
  signal?: AbortSignal,
): Promise<void> {
  const mayGo = (record: VmRecord): Promise<boolean> => isAbandoned(record, signal);
  for (const { guest } of await journal.list()) {
    if (signal?.aborted) return;
    try {
      if (await releaseVm(journal, guest, mayGo)) removed.push(guest);
    } catch (error) {
      if (signal?.aborted && isAborted(error)) throw error;
      problems.push({ guest, problem: messageOf(error) });
    }
  }
}

/** Nobody will end it: its owner is certainly gone, or its time as a detached VM is over. @throws VzvmError ABORTED. */
export async function isAbandoned({ owner, expiresAt }: VmRecord, signal?: AbortSignal): Promise<boolean> {
  if (owner) return (await fateOf(owner, signal)) === 'gone';
  return expiresAt !== undefined && expiresAt <= Date.now();
}
