import { messageOf } from '../errors.ts';
import type { Session } from '../session/session.ts';
import type { Harness } from './deps.ts';

/** Ends a session that nobody waits for, and removes its files. Never rejects: the log has what went wrong. */
export async function discard(
  { sessions, log }: Pick<Harness, 'sessions' | 'log'>,
  session: Session,
): Promise<void> {
  try {
    await sessions.dispose(session);
  } catch (error) {
    log('session.discard_failed', { sessionId: session.init.id, message: messageOf(error) });
  }
}
