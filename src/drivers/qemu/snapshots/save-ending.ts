import { join } from 'node:path';
import { QmpSession } from '../qmp-session.ts';
import { stopGuest } from '../stop.ts';
import { goOn } from './go-on.ts';
import { STATE } from './layout.ts';
import { beginSave, quit, reached, setCapabilities, written } from './migration.ts';
import type { Saving } from './saving.ts';

const TIMEOUT_MS = 60_000;

/** Saves a guest whose memory is a file: only the state of its devices is written. It has ended afterwards; one that could not be saved runs on. */
export async function saveEnding(saving: Saving): Promise<void> {
  const { guest, files, settings, temp, signal } = saving;
  const session = await QmpSession.open(settings.qmp, { timeoutMs: TIMEOUT_MS, signal });
  try {
    await session.execute('stop');
    await setCapabilities(session, { 'x-ignore-shared': true });
    await Promise.all([beginSave(session, join(temp, STATE)), reached(session, 'completed')]);
    await written(join(temp, STATE), signal);
    await quit(session);
  } catch (error) {
    session.close();
    await goOn(saving);
    throw error;
  } finally {
    session.close();
  }
  await stopGuest(guest, files, 0, () => undefined);
}
