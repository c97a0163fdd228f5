import type { HarnessEvent, SseFrame, UserMessage } from '@computeragent/protocol';
import { HarnessProtocolError } from './errors.ts';
import { readEvents, type EventSource } from './event-stream.ts';
import { PermissionDesk, type Decide } from './permission.ts';
import { isRejection, sendMessage } from './send-message.ts';
import type { TranscriptMirror } from './store/mirror.ts';
import { isResult } from './turn.ts';
import { runningCost } from './usage.ts';
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
  /** Whether this harness takes a message once that is sent again with the same key. */
  readonly isResendable: boolean;
  /** The highest running total of its cost, in US dollars. */
  costUsd: number;
  /** Brings its transcript to this machine, where that was asked for. */
  readonly mirror: TranscriptMirror | undefined;
}

/** What a chat is made of. */
export interface Chat {
  readonly messages: Iterable<UserMessage> | AsyncIterable<UserMessage>;
  readonly decide: Decide | 'manual';
  readonly signal: AbortSignal;
}

/** Events, as many as came together. */
type Batches<R> = AsyncGenerator<readonly HarnessEvent[], R>;

/**
 * One turn a message: sends it, then yields its events up to its end. The next message goes out when the one before
 * is answered, so that answers cannot shift. The last event is always `ca_session_ended`.
 */
export async function* takeTurns(session: OpenSession, chat: Chat): Batches<void> {
  let turns = 0;
  for await (const message of untilAborted(chat.messages, chat.signal)) {
    const ended = yield* takeTurn(session, message, chat);
    if (ended) {
      yield [ended];
      return;
    }
    turns += 1;
  }
  if (turns === 0) throw new TypeError('chat needs at least one message');
  yield [{ kind: 'ca_session_ended', sessionId: session.id, reason: 'complete' }];
}

async function* takeTurn(
  session: OpenSession,
  message: UserMessage,
  chat: Chat,
): Batches<SessionEnded | undefined> {
  assertTakesMessages(session);
  assertNotAborted(chat.signal);
  try {
    await sendMessage(session, message, chat.signal);
  } catch (error) {
    // A rejected message was not taken. After anything else nobody knows, and its answer could come to the next one.
    if (!isRejection(error)) abandon(session, 'it is unknown whether a message arrived');
    else if (error.status === 404 || error.code === 'SESSION_ENDED')
      session.ended = 'the harness has ended it';
    throw error;
  }
  const desk = new PermissionDesk(session, chat.decide, chat.signal);
  try {
    const mirrored = session.mirror ? [session.mirror.failed] : [];
    return yield* readTurn(session, desk, AbortSignal.any([chat.signal, desk.failed, ...mirrored]));
  } catch (error) {
    abandon(session, 'a turn was left in the middle');
    throw error;
  } finally {
    desk.close();
  }
}

async function* readTurn(
  session: OpenSession,
  desk: PermissionDesk,
  signal: AbortSignal,
): Batches<SessionEnded | undefined> {
  const turn: Turn = { begun: session.announcesTurns !== true, over: false };
  for await (const frames of readEvents(session, signal)) {
    const events = takeIn(frames, { session, desk, turn });
    if (events.length > 0) yield events;
    if (turn.over) return turn.ended;
  }
  return undefined;
}

interface Turn {
  begun: boolean;
  over: boolean;
  ended?: SessionEnded;
}

/** Moves the cursor up to the turn's end; what comes after it is the next turn's. */
function takeIn(
  frames: readonly SseFrame[],
  { session, desk, turn }: { session: OpenSession; desk: PermissionDesk; turn: Turn },
): HarnessEvent[] {
  const events: HarnessEvent[] = [];
  for (const { id, event } of frames) {
    if (id !== undefined) session.cursor.lastEventId = id;
    if (event.kind === 'ca_session_ended') {
      session.ended = `it ended with "${event.reason}"`;
      turn.ended = event;
      turn.over = true;
      return events;
    }
    events.push(event);
    session.costUsd = runningCost(session.costUsd, event);
    if (event.kind === 'ca_permission_request') desk.take(event);
    if (event.kind === 'ca_permission_decision') desk.forget(event.callId);
    if (event.kind === 'ca_turn_started') {
      session.announcesTurns = true;
      turn.begun = true;
    }
    // A result from before the turn began is a late one of an earlier turn.
    turn.over = turn.begun && isResult(event);
    if (turn.over) return events;
  }
  return events;
}

/** The protocol cannot end a turn alone. Cancelling the session stops the engine and denies what it asks. */
function abandon(session: OpenSession, why: string): void {
  if (session.ended !== undefined) return;
  session.ended = why;
  session.cancelling = session.client.cancel(session.id, { timeoutMs: GOODBYE_MS }).catch(() => undefined);
}

function assertTakesMessages(session: OpenSession): void {
  // What is said from now on would not be kept.
  if (session.mirror) assertNotAborted(session.mirror.failed);
  if (session.ended === undefined) return;
  const message = `session ${session.id} takes no more messages: ${session.ended}; call newSession() to begin another`;
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
