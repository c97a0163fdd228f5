import { setTimeout as sleep } from 'node:timers/promises';
import { Journal } from '../journal/index.ts';
import { releaseVm } from './release-vm.ts';

/** A suspended machine's clock goes on: its time may be over long before a timer says so. */
const LOOK_MS = 30_000;
const RETRY_MS = 60_000;

/** Ends one detached VM when its time is over, unless somebody has taken it by then, or it is gone. */
export async function keep(stateDir: string, guest: string): Promise<void> {
  const journal = new Journal(stateDir);
  for (;;) {
    const record = await journal.read(guest);
    if (!record || record.owner !== null || record.expiresAt === undefined) return;
    const leftMs = record.expiresAt - Date.now();
    if (leftMs > 0) {
      await sleep(Math.min(leftMs, LOOK_MS));
      continue;
    }
    try {
      await releaseVm(journal, guest, ({ owner }) => owner === null);
      return;
    } catch {
      await sleep(RETRY_MS); // The journal tells what is wrong with it.
    }
  }
}
