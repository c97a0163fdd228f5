import { join } from 'node:path';
import { withLock } from '../drivers/lock.ts';
import { createDriver } from '../drivers/registry.ts';
import { messageOf } from '../errors.ts';
import type { Journal, VmRecord } from '../journal/index.ts';
import { endMarked, GUEST_MARK } from '../process/marked.ts';

/** Longer than a driver takes to end and delete one VM. */
const LOCK_TIMEOUT_MS = 120_000;
const never = new AbortController().signal;

/**
 * Ends and deletes a VM that nobody owns any more, and forgets it. `mayGo` is asked once nobody else works on it: it may
 * have been taken over. Answers whether it is gone by our hand.
 * @throws VzvmError when something of it is left; the journal then tells why.
 */
export async function releaseVm(
  journal: Journal,
  guest: string,
  mayGo: (record: VmRecord) => boolean | Promise<boolean>,
): Promise<boolean> {
  const lock = { signal: never, timeoutMs: LOCK_TIMEOUT_MS, log: () => undefined };
  return withLock(join(journal.folder, `${guest}.lock`), lock, async () => {
    const record = await journal.read(guest);
    if (!record || !(await mayGo(record))) return false;
    try {
      await remove(record);
    } catch (error) {
      await journal.write({ ...record, problem: messageOf(error) });
      throw error;
    }
    await journal.forget(guest);
    return true;
  });
}

async function remove({ guest, recipe }: VmRecord): Promise<void> {
  const driver = await createDriver(recipe.driver, recipe.options);
  await driver.stop(guest, 0);
  // Its owner may have been killed between the start of the process and the note of its id.
  await endMarked(GUEST_MARK, guest);
  await driver.delete(guest);
  await endMarked(GUEST_MARK, guest);
}
