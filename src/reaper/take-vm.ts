import { join } from 'node:path';
import { withLock } from '../drivers/lock.ts';
import type { Journal, Owner, VmRecord } from '../journal/index.ts';
import { endKeeper } from './keeper.ts';
import { isAbandoned } from './sweep.ts';

const LOCK_TIMEOUT_MS = 30_000;

/**
 * Makes a VM that nobody owns ours. Answers what was written of it; `owned` when it is somebody's, undefined when there
 * is none.
 */
export function takeVm(
  journal: Journal,
  guest: string,
  owner: Owner,
  signal: AbortSignal,
): Promise<VmRecord | 'owned' | undefined> {
  const lock = { signal, timeoutMs: LOCK_TIMEOUT_MS, log: () => undefined };
  return withLock(join(journal.folder, `${guest}.lock`), lock, async () => {
    const record = await journal.read(guest);
    if (!record) return undefined;
    if (record.owner !== null && !(await isAbandoned(record, signal))) return 'owned';
    await endKeeper(record, signal);
    const { keeper: _, expiresAt: __, ...rest } = record;
    await journal.write({ ...rest, owner });
    return record;
  });
}
