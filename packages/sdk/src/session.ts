import type { HarnessEvent, UserMessage } from '@computeragent/protocol';
import { HarnessConnectionError, HarnessProtocolError } from './errors.ts';
import { readEvents, type EventSource } from './event-stream.ts';
import { answer, type Decide } from './permission.ts';
import { isResult } from './turn.ts';
import { abortable, assertNotAborted } from './wait.ts';

/** How long the last words to a harness may take: it may be the reason why they are the last. */
export const GOODBYE_MS = 5_000;

type SessionEnded = Extract<HarnessEvent, { kind: 'ca_session_ended' }>;

/** One session on one harness. Its cursor is carried over the turns, so that no turn replays an earlier one. */
export interface OpenSession extends EventSource {
  /** Why it takes no more messages; undefined while it does. */
  ended?: string;
  /** The cancel that is on its way; never rejects. */
  cancelling?: Promise<void>;
  /** Whether this harness tells where a turn begins. */
  announcesTurns?: boolean;
}

/** What a chat is made of. */
export interface Chat {
  readonly messages: Iterable<UserMessage> | AsyncIterable<UserMessage>;
  readonly decide: Decide;
  readonly signal: AbortSignal;
}

/**
 * One turn a message: sends it, then yields its events up to its end. The next message goes out when the one before
 * is answered, so that answers cannot shift. The last event is always `ca_session_ended`.
 */
export async function* takeTurns(session: OpenSession, chat: Chat): AsyncGenerator<HarnessEvent, void> {
  let turns = 0;
  for await (const message of untilAborted(chat.messages, chat.signal)) {
    const ended = yield* takeTurn(session, message, chat);
    if (ended) {
      yield ended;
      return;
    }
    turns += 1;
  }
  if (turns === 0) throw new TypeError('chat needs at least one message');
  yield { kind: 'ca_session_ended', sessionId: session.id, reason: 'complete' };
}

async function* takeTurn(
  session: OpenSession,
  message: UserMessage,
  chat: Chat,
): AsyncGenerator<HarnessEvent, SessionEnded | undefined> {
  assertTakesMessages(session);
  assertNotAborted(chat.signal);
  try {
    await session.client.message(session.id, message, chat.signal);
  } catch (error) {
    // A rejected message was not taken. After anything else nobody knows, and its answer could come to the next one.
    if (!(error instanceof HarnessProtocolError)) abandon(session, 'it is unknown whether a message arrived');
    throw error;
  }
  try {
    return yield* readTurn(session, chat);
  } catch (error) {
    abandon(session, 'a turn was left in the middle');
    throw error;
  }
}

async function* readTurn(
  session: OpenSession,
  chat: Chat,
): AsyncGenerator<HarnessEvent, SessionEnded | undefined> {
  let begun = session.announcesTurns !== true;
  for await (const event of readEvents(session, chat.signal)) {
    if (event.kind === 'ca_session_ended') {
      session.ended = `it ended with "${event.reason}"`;
      return event;
    }
    if (event.kind === 'ca_permission_request') await answer(session, event, chat);
    if (event.kind === 'ca_turn_started') {
      session.announcesTurns = true;
      begun = true;
    }
    yield event;
    // A result from before the turn began is a late one of an earlier turn.
    if (begun && isResult(event)) return undefined;
  }
  throw new HarnessConnectionError(
    'STREAM_ENDED',
    'the events ended before the turn did; the harness may be gone',
  );
}

/** The protocol cannot end a turn alone. Cancelling the session stops the engine and denies what it asks. */
function abandon(session: OpenSession, why: string): void {
  if (session.ended !== undefined) return;
  session.ended = why;
  session.cancelling = session.client.cancel(session.id, GOODBYE_MS).catch(() => undefined);
}

function assertTakesMessages(session: OpenSession): void {
  if (session.ended === undefined) return;
  const message = `session ${session.id} takes no more messages: ${session.ended}; make a new ComputerAgent`;
  throw new HarnessProtocolError(message, { code: 'SESSION_ENDED', status: 409 });
}

/** The user's own messages may never come: waiting for them ends with the chat. */
async function* untilAborted<T>(
  items: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  if (Symbol.iterator in items) return yield* items;
  const iterator = items[Symbol.asyncIterator]();
  let done = false;
  try {
    for (;;) {
      const next = await abortable(iterator.next(), signal);
      if (next.done) {
        done = true;
        return;
      }
      yield next.value;
    }
  } finally {
    // Not awaited: a source that is stuck in next() would never let go.
    if (!done) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
