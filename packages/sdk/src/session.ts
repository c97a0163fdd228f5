import type { HarnessEvent, UserMessage } from '@computeragent/protocol';
import type { HarnessClient } from './client.ts';
import { readEvents, type Cursor } from './event-stream.ts';
import { endsTurn } from './turn.ts';

/** One session on one harness. */
export interface OpenSession {
  readonly client: HarnessClient;
  readonly id: string;
  /** Carried over the turns, so that no turn replays an earlier one. */
  readonly cursor: Cursor;
}

/**
 * One turn a message: sends it, then yields its events up to its end. The next message goes out when the one before
 * is answered, so that answers cannot shift.
 */
export async function* takeTurns(
  session: OpenSession,
  messages: readonly UserMessage[],
  signal: AbortSignal,
): AsyncGenerator<HarnessEvent, void> {
  for (const [index, message] of messages.entries()) {
    await session.client.message(session.id, message, signal);
    const ended = yield* takeTurn(session, signal);
    if (ended.kind === 'ca_session_ended') {
      yield ended;
      return;
    }
    if (index === messages.length - 1)
      yield { kind: 'ca_session_ended', sessionId: session.id, reason: 'complete' };
  }
}

async function* takeTurn(
  session: OpenSession,
  signal: AbortSignal,
): AsyncGenerator<HarnessEvent, HarnessEvent> {
  const reading = new AbortController();
  const either = AbortSignal.any([signal, reading.signal]);
  try {
    for await (const event of readEvents(session.client, session.id, session.cursor, either)) {
      if (!endsTurn(event)) {
        yield event;
        continue;
      }
      if (event.kind !== 'ca_session_ended') yield event;
      return event;
    }
  } finally {
    reading.abort();
  }
  throw new Error('the event stream ended before the turn did; the harness may be gone');
}
