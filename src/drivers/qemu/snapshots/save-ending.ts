import { join } from 'node:path';
import { QmpSession } from '../qmp-session.ts';
import { stopGuest } from '../stop.ts';
import { STATE } from './layout.ts';
import { beginSave, reached, setCapabilities, written } from './migration.ts';
import type { Saving } from './save.ts';

const TIMEOUT_MS = 60_000;

/** Saves a guest whose memory is a file: only the state of its devices is written. It has ended afterwards. */
export async function endGuest({ guest, files, settings, temp, signal }: Saving): Promise<void> {
  const session = await QmpSession.open(settings.qmp, { timeoutMs: TIMEOUT_MS, signal });
  try {
    await session.execute('stop');
    await setCapabilities(session, { 'x-ignore-shared': true });
    await Promise.all([beginSave(session, join(temp, STATE)), reached(session, 'completed')]);
    await written(join(temp, STATE), signal);
    await session.execute('quit');
  } finally {
    session.close();
  }
  await stopGuest(guest, files, 0, () => undefined);
}
