import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, VzvmError } from '../../errors.ts';
import { signalProcess, waitUntilGone } from '../../process/end-process.ts';
import type { LogLine } from '../driver.ts';
import { runningPid } from './guest-run.ts';
import type { GuestFiles } from './paths.ts';
import { qmp } from './qmp.ts';
import { readSettings } from './settings.ts';

const QMP_TIMEOUT_MS = 2_000;
const TERM_GRACE_MS = 2_000;
const KILL_GRACE_MS = 10_000;

/** Polite, then forced, then waits until the process is gone: also for one that another process started. */
export async function stopGuest(
  guest: string,
  files: GuestFiles,
  graceMs: number,
  log: LogLine,
): Promise<void> {
  const pid = await runningPid(files);
  if (pid === undefined) return;
  if (graceMs > 0) {
    await powerDown(files, log);
    if (await waitUntilGone(pid, graceMs)) return forgetRun(files);
    log(`${guest} did not power down within ${graceMs} ms: ending it`);
  }
  for (const [signal, waitMs] of [
    ['SIGTERM', TERM_GRACE_MS],
    ['SIGKILL', KILL_GRACE_MS],
  ] as const) {
    signalProcess(pid, signal);
    if (await waitUntilGone(pid, waitMs)) return forgetRun(files);
  }
  throw new VzvmError('RELEASE_FAILED', `the process of ${guest} does not end`, {
    facts: { guest, pid },
    hint: `end it by hand: kill -9 ${pid}`,
    retry: 'safe',
  });
}

/** Removes everything of a guest; one that still runs is ended first. */
export async function deleteGuest(guest: string, files: GuestFiles, log: LogLine): Promise<void> {
  await stopGuest(guest, files, 0, log);
  try {
    const settings = await readSettings(files.settings).catch(() => undefined); // Unreadable: it goes with the folder.
    const qmpFolder = settings && dirname(settings.qmp);
    if (qmpFolder !== undefined && qmpFolder !== files.folder)
      await rm(qmpFolder, { recursive: true, force: true });
    await rm(files.folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (cause) {
    throw new VzvmError('RELEASE_FAILED', `could not remove the files of ${guest}: ${messageOf(cause)}`, {
      facts: { guest, folder: files.folder },
      hint: `remove them by hand: rm -rf ${files.folder}`,
      retry: 'safe',
      cause,
    });
  }
}

async function powerDown(files: GuestFiles, log: LogLine): Promise<void> {
  try {
    const settings = await readSettings(files.settings);
    if (settings) await qmp(settings.qmp, { execute: 'system_powerdown' }, { timeoutMs: QMP_TIMEOUT_MS });
  } catch (error) {
    log(`no polite shutdown: ${messageOf(error)}`); // The signals that follow end it all the same.
  }
}

async function forgetRun(files: GuestFiles): Promise<void> {
  await rm(files.process, { force: true });
}
