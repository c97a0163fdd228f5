import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { VzvmError } from '../../errors.ts';
import { readTail } from '../../process/spawn-detached.ts';
import { diskFull, freeMiB } from '../disk-space.ts';
import type { GuestProcess, LogLine } from '../driver.ts';
import { eventsSocket, type GuestFiles } from './paths.ts';
import { QmpSession } from './qmp-session.ts';

/** How long a guest may wait for room, and how often it is tried whether there is some. */
export interface Pace {
  readonly patienceMs: number;
  readonly retryMs: number;
}

/**
 * A disk that is full may have room again in a second: whoever fills it, such as a template that is being written, is told
 * of it and takes back what it has written. A guest that stands still has lost nothing, and its agent's work is worth
 * the wait. But not a longer one than every step has, and a connection to the guest survives in silence: whoever waits for
 * the guest is to be told of the disk, and of nothing that follows from it.
 */
const PACE: Pace = { patienceMs: 30_000, retryMs: 1_000 };
const COMMAND_MS = 5_000;

const answer = z.looseObject({ status: z.string() });

interface Watch {
  readonly guest: string;
  readonly files: GuestFiles;
  /** Where it is given commands. */
  readonly qmp: string;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly log: LogLine;
}

/** What tells of a guest that stands still; connected while somebody listens. */
export function standstillOf(
  guest: string,
  files: GuestFiles,
  qmp: string,
  pace: Pace = PACE,
): NonNullable<GuestProcess['standstill']> {
  return async ({ signal, log }) => {
    try {
      await listen({ guest, files, qmp, pace, signal, log });
    } catch (error) {
      if (signal.aborted)
        throw new VzvmError('ABORTED', `${guest} is not watched any more`, { cause: error });
      // It has ended, which its process tells; or it has no such socket, being of an earlier version of this package.
      if (!(error instanceof VzvmError) || error.code !== 'COMMAND_FAILED') throw error;
    }
  };
}

async function listen(watch: Watch): Promise<never> {
  const session = await QmpSession.open(eventsSocket(watch.qmp), { signal: watch.signal });
  try {
    for (;;) {
      // Whoever stops a guest on purpose leaves it in another state. Asked first: it may have stopped before anybody listened.
      const status = await statusOf(session);
      if (status === 'internal-error') throw await cannotRun(watch, status);
      if (status === 'io-error') await untilItRuns(watch, session);
      await session.event(({ name }) => name === 'STOP');
    }
  } finally {
    session.close();
  }
}

/** The one error that a guest stands still for, and is not told of, is a host's disk without room. */
async function untilItRuns(
  { guest, files, qmp, pace, signal, log }: Watch,
  session: QmpSession,
): Promise<void> {
  const { patienceMs, retryMs } = pace;
  const path = files.folder;
  const free = async () => `${await freeMiB(path)} MiB free in ${path}`;
  log(
    `it stands still, because this host's disk is full (${await free()}): it goes on where there is room within ${patienceMs / 1000} s, see df -h ${path}`,
  );
  const deadline = performance.now() + patienceMs;
  do {
    await tryToGoOn(qmp, signal);
    await sleep(retryMs, undefined, { signal });
    if ((await statusOf(session)) !== 'io-error') return log(`it goes on (${await free()})`);
  } while (performance.now() < deadline);
  throw diskFull(path, `what ${guest} writes`, { freeMiB: await freeMiB(path) });
}

/** Where commands are given: so it does not come in the middle of a save, which keeps others out until it is over. */
async function tryToGoOn(qmp: string, signal: AbortSignal): Promise<void> {
  try {
    const session = await QmpSession.open(qmp, { timeoutMs: COMMAND_MS, signal });
    try {
      if ((await statusOf(session)) === 'io-error') await session.execute('cont');
    } finally {
      session.close();
    }
  } catch (error) {
    if (signal.aborted) throw error; // Else it is tried again, or the guest has ended, which the other connection tells.
  }
}

async function statusOf(session: QmpSession): Promise<string> {
  return answer.parse(await session.execute('query-status')).status;
}

async function cannotRun({ guest, files }: Watch, status: string): Promise<VzvmError> {
  return new VzvmError('GUEST_EXITED', `QEMU cannot run ${guest} any more (${status})`, {
    facts: { guest, status },
    hint: "boot again; if it happens again, do without this host's hardware virtualisation: accelerator: 'tcg'",
    stderrTail: await readTail(files.log),
  });
}
