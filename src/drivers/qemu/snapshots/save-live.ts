import { join } from 'node:path';
import { freezing } from '../freeze.ts';
import { QmpSession, type QmpEvent } from '../qmp-session.ts';
import { writeJson } from '../settings.ts';
import { stopGuest } from '../stop.ts';
import { makeEmptyDisk } from './disks.ts';
import { goOn, letRun } from './go-on.ts';
import { STREAM } from './layout.ts';
import { beginSave, quit, reached, setCapabilities, unlessFailed, written } from './migration.ts';
import type { Saving } from './saving.ts';

const TIMEOUT_MS = 5 * 60_000;
/** A guest that changes its memory faster than it can be written is stopped for the rest. */
const CONVERGE_MS = 10_000;
/** A guest is stopped when what is left takes no longer. */
const PAUSE_MS = 50;
const FASTEST = 2 ** 40;

/**
 * Writes all of a guest's memory to a file while it runs, and stops it only for what it changed meanwhile; an emulated one
 * stands still for all of it. Its disk is frozen while it stands still, so that both are of the same moment.
 */
export async function saveLive(saving: Saving, disk: string, virtualBytes: number): Promise<void> {
  const { guest, files, settings, keepRunning, temp, signal } = saving;
  const { command, next } = freezing(disk, true);
  // Made before the guest stands still: QEMU would wait for the host's disk, which has all of the memory to take.
  await makeEmptyDisk(join(files.folder, next), disk, virtualBytes, signal);
  const session = await QmpSession.open(settings.qmp, { timeoutMs: TIMEOUT_MS, signal });
  let noted: Promise<void> | undefined;
  try {
    await setCapabilities(session, { 'pause-before-switchover': true });
    const limits = { 'max-bandwidth': FASTEST, 'downtime-limit': PAUSE_MS };
    await session.execute('migrate-set-parameters', limits);
    // Emulated processors that run on leave some of what they change unmarked: copies of a busy guest were torn.
    if (saving.accelerator === 'tcg') await session.execute('stop');
    await beginSave(session, join(temp, STREAM));
    const stoppedAt = await standsStill(session);
    await session.execute(command.execute, command.arguments);
    // Whatever becomes of the save; but nobody stands still for it.
    noted = writeJson(files.settings, { ...settings, disk: next });
    noted.catch(() => undefined);
    await session.execute('migrate-continue', { state: 'pre-switchover' });
    await reached(session, 'completed');
    if (keepRunning) await runOn(saving, session, stoppedAt);
    else await quit(session);
  } catch (error) {
    session.close();
    await goOn(saving);
    throw error;
  } finally {
    session.close();
    await noted;
  }
  if (!keepRunning) await stopGuest(guest, files, 0, saving.log);
  await written(join(temp, STREAM), signal);
}

/** When it stopped, by QEMU's clock. */
async function standsStill(session: QmpSession): Promise<number> {
  const stoppedAt = (await stoppedInFirstPass(session)) ?? (await stoppedLater(session));
  await reached(session, 'pre-switchover');
  return stoppedAt;
}

/** Undefined when all has been written once, and there is more. */
async function stoppedInFirstPass(session: QmpSession): Promise<number | undefined> {
  const isPass = ({ name, data }: QmpEvent) => name === 'MIGRATION_PASS' && Number(data['pass']) > 1;
  const event = await unlessFailed(session, (each) => each.name === 'STOP' || isPass(each));
  return event.name === 'STOP' ? event.atMs : undefined;
}

async function stoppedLater(session: QmpSession): Promise<number> {
  const timer = setTimeout(() => void session.execute('stop').catch(() => undefined), CONVERGE_MS);
  try {
    return (await unlessFailed(session, ({ name }) => name === 'STOP')).atMs;
  } finally {
    clearTimeout(timer);
  }
}

async function runOn({ guest, log }: Saving, session: QmpSession, stoppedAt: number): Promise<void> {
  await letRun(session);
  const { atMs } = await session.event(({ name }) => name === 'RESUME');
  log(`${guest} stood still for ${Math.round(atMs - stoppedAt)} ms while it was saved`);
}
