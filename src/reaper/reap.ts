import { setTimeout as sleep } from 'node:timers/promises';
import { ownerOfCheckpoint } from '../drivers/checkpoint-key.ts';
import { parseGuestName } from '../drivers/guest-name.ts';
import { createDriver } from '../drivers/registry.ts';
import type { Journal, Owner, OwnerRecord } from '../journal/index.ts';
import { isRunning } from '../process/end-process.ts';
import { endMarked, OWNER_MARK } from '../process/marked.ts';
import { releaseVm } from './release-vm.ts';

/** Waits between attempts, in milliseconds: what holds a VM back for longer is left to the next sweep. */
const WAITS_MS = [500, 1_000, 2_000, 4_000, 8_000];

/**
 * Removes all that an owner which is gone has left, and answers the names of its VMs. What is still there stays in the
 * journal. Cancelled, it tries nothing again.
 * @throws VzvmError ABORTED when it is cancelled before it has tried.
 */
export async function reap(journal: Journal, owner: Owner, signal?: AbortSignal): Promise<readonly string[]> {
  // First those that may still be making something.
  await endMarked(OWNER_MARK, owner.id, signal);
  const gone: string[] = [];
  let isClean = await reapOnce(journal, owner, gone);
  for (const waitMs of WAITS_MS) {
    if (isClean) break;
    await sleep(waitMs, undefined, { signal }).catch(() => undefined); // Cancelled: what is left is the next one's.
    if (signal?.aborted) break;
    isClean = await reapOnce(journal, owner, gone);
  }
  return gone;
}

async function reapOnce(journal: Journal, owner: Owner, gone: string[]): Promise<boolean> {
  const isTheirs = (other: Owner | null) => other?.id === owner.id;
  const left = (await journal.list()).filter((record) => isTheirs(record.owner));
  const work = left.map(async ({ guest }) => {
    if (await releaseVm(journal, guest, (record) => isTheirs(record.owner))) gone.push(guest);
  });
  const results = await Promise.allSettled(work);
  const record = (await journal.owners()).find((each) => isTheirs(each.owner));
  const [checkpoints] = await Promise.allSettled([removeWhatIsNumbered(journal, owner, record)]);
  if (results.some(isRejected) || isRejected(checkpoints)) return false;
  await journal.forgetOwner(owner.id);
  return true;
}

const isRejected = ({ status }: PromiseSettledResult<unknown>): boolean => status === 'rejected';

/** What is known by the number of its process alone: another process may have it by now, and then that is left alone. */
async function removeWhatIsNumbered(
  journal: Journal,
  owner: Owner,
  record: OwnerRecord | undefined,
): Promise<void> {
  if (await isRunning(owner.pid)) return;
  await journal.forgetUnfinished((name) => isOf(name, owner));
  await removeCheckpoints(record);
}

/** A file of the journal, by what it is named for: a VM, or its owner. */
function isOf(name: string, { id, pid }: Owner): boolean {
  const [subject = ''] = name.split('.');
  return subject === id || parseGuestName(subject)?.ownerPid === pid;
}

/** What was saved of running VMs holds their memory, with all that was secret in it. */
async function removeCheckpoints(record: OwnerRecord | undefined): Promise<void> {
  for (const { driver: name, options } of record?.recipes ?? []) {
    const { snapshots } = await createDriver(name, options);
    for (const key of (await snapshots?.list()) ?? [])
      if (ownerOfCheckpoint(key) === record?.owner.pid) await snapshots?.remove(key);
  }
}
