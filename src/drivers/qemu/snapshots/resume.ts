import { setTimeout as sleep } from 'node:timers/promises';
import { VzvmError } from '../../../errors.ts';
import type { DetachedProcess } from '../../../process/spawn-detached.ts';
import { bootError } from '../boot-error.ts';
import { QmpSession } from '../qmp-session.ts';

const POLL_MS = 2;
const LISTEN_TIMEOUT_MS = 15_000;

/** Who is talked to. */
export interface Resumed {
  readonly guest: string;
  readonly socket: string;
  readonly child: DetachedProcess;
  /** Over everything that is said. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Talks to a QEMU that was just started, as soon as it listens; its end is the end of the talk. */
export async function whenListening<T>(who: Resumed, talk: (session: QmpSession) => Promise<T>): Promise<T> {
  const exited = who.child.exited.then((report): never => {
    throw bootError(who.guest, report);
  });
  exited.catch(() => undefined); // Told by the races below, or of no interest any more.
  const session = await Promise.race([exited, opened(who, exited)]);
  try {
    return await talk(session);
  } finally {
    session.close();
  }
}

async function opened({ socket, timeoutMs, signal }: Resumed, exited: Promise<never>): Promise<QmpSession> {
  const deadline = performance.now() + LISTEN_TIMEOUT_MS;
  for (;;) {
    try {
      return await QmpSession.open(socket, { timeoutMs, signal });
    } catch (error) {
      if (!(error instanceof VzvmError) || error.code !== 'COMMAND_FAILED') throw error;
      if (performance.now() >= deadline) throw error;
    }
    await Promise.race([exited, sleep(POLL_MS)]);
  }
}
