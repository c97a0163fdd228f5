import type { Session } from '../session/session.ts';
import { logStream } from '../session/log-stream.ts';
import type { Harness } from './deps.ts';
import { keepsSession } from './keep.ts';

const KEEP_ALIVE = new TextEncoder().encode(':keepalive\n');

/** Where a reader starts: after the last event that it saw. */
export function cursorOf(lastEventId: string | undefined): number {
  return lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : -1;
}

/** A session's events after `cursor`. Whoever reads them keeps the session. */
export function eventStream(
  { keepAliveMs, owner, sessions }: Harness,
  session: Session,
  cursor: number,
  onEnd: () => void | Promise<void> = () => undefined,
): ReadableStream<Uint8Array> {
  const kept = keepsSession(sessions, session, () => session.attend());
  return logStream(session.events, cursor, {
    keepAlive: KEEP_ALIVE,
    keepAliveMs,
    until: owner?.over,
    onOpen: kept.onOpen,
    onEnd: () => {
      kept.onEnd();
      return onEnd();
    },
  });
}

/** The response that carries such a stream. */
export function sseResponse(stream: ReadableStream<Uint8Array> | null): Response {
  return new Response(stream, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      // Proxies that gather a response would hold back what is meant to be seen at once.
      'x-accel-buffering': 'no',
    },
  });
}
