import { setTimeout as sleep } from 'node:timers/promises';
import { isAborted, messageOf } from '../../../errors.ts';
import { runningPid } from '../guest-run.ts';
import { QmpSession } from '../qmp-session.ts';
import type { Saving } from './saving.ts';

const TIMEOUT_MS = 10_000;
const POLL_MS = 5;

/** QEMU refuses until it has put its migration away, which it tells of before it has done it. */
export async function letRun(session: QmpSession): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      await session.execute('cont');
      return;
    } catch (error) {
      if (isAborted(error) || performance.now() >= deadline) throw error;
      await sleep(POLL_MS);
    }
  }
}

/** Whatever went wrong with the save, the guest runs on, unless it was ended meanwhile. */
export async function goOn({ guest, files, settings, log }: Saving): Promise<void> {
  try {
    const session = await QmpSession.open(settings.qmp, { timeoutMs: TIMEOUT_MS });
    try {
      await session.execute('migrate_cancel');
      await letRun(session);
    } finally {
      session.close();
    }
  } catch (error) {
    if ((await runningPid(files)) === undefined) return;
    log(`${guest} may stand still after a save that failed: ${messageOf(error)}`);
  }
}
