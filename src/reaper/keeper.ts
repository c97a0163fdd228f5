import type { Journal, VmRecord } from '../journal/index.ts';
import { signalProcess, waitUntilGone } from '../process/end-process.ts';
import { fateOf, identityOf } from '../process/identity.ts';
import { startKeeper } from './client.ts';

const END_TIMEOUT_MS = 5_000;

/**
 * Gives a VM to nobody: writes it down so, with the process that ends it when its time is over.
 * @throws VzvmError when no such process can be started; the VM is then its owner's as before.
 */
export async function giveToKeeper(
  journal: Journal,
  stateDir: string,
  record: VmRecord,
  expiresAt: number,
): Promise<void> {
  const detached = { ...record, owner: null, expiresAt };
  await journal.write(detached);
  try {
    const keeper = await startKeeper(stateDir, record.guest);
    await journal.write({ ...detached, keeper: await identityOf(keeper.pid) });
  } catch (error) {
    await journal.write(record);
    throw error;
  }
}

/** Ends the process that would end a VM, which is somebody's again. @throws VzvmError ABORTED before it is asked to end. */
export async function endKeeper({ keeper }: VmRecord, signal: AbortSignal): Promise<void> {
  if (!keeper || (await fateOf(keeper, signal)) !== 'runs') return;
  signalProcess(keeper.pid, 'SIGKILL');
  await waitUntilGone(keeper.pid, END_TIMEOUT_MS);
}
