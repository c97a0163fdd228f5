import { createSseParser, type SseFrame } from '@computeragent/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HarnessClient } from './client.ts';
import { HarnessConnectionError, HarnessProtocolError } from './errors.ts';
import { chunksOf, StreamIdle } from './chunks.ts';
import type { Reconnect } from './options.ts';
import { abortable, assertNotAborted } from './wait.ts';

/** Where a reader is in a session's events. Whoever takes an event moves it. */
export interface Cursor {
  /** The last event that was taken; undefined before the first. */
  lastEventId: number | undefined;
}

/** What is read, and how. */
export interface EventSource {
  readonly client: HarnessClient;
  readonly id: string;
  readonly cursor: Cursor;
  readonly reconnect: Required<Reconnect>;
}

/**
 * A session's events from the cursor on, as many at a time as arrive together. A connection that breaks, ends, falls
 * silent or skips an event is taken up again where it broke, so that nothing is lost or repeated.
 */
export async function* readEvents(
  source: EventSource,
  signal: AbortSignal,
): AsyncGenerator<readonly SseFrame[], never> {
  const trouble = new Trouble(source);
  for (;;) {
    let came = false;
    try {
      const response = await source.client.events(source.id, source.cursor.lastEventId, signal);
      for await (const frames of framesIn(response, source, signal)) {
        const { fresh, missing } = newOnes(frames, source.cursor);
        if (fresh.length > 0) {
          came = true;
          trouble.over();
          yield fresh;
        }
        if (missing) throw missing;
      }
      throw await endOf(source, came, signal);
    } catch (error) {
      assertNotAborted(signal);
      const pauseMs = trouble.pauseAfter(error);
      if (pauseMs > 0) await abortable(sleep(pauseMs, undefined, { signal }), signal);
    }
  }
}

/** What went wrong in a row, and when it is too much. */
class Trouble {
  readonly #source: EventSource;
  #failures = 0;
  /** Number of the event that was not there where it should have been. */
  #missing: number | undefined;

  constructor(source: EventSource) {
    this.#source = source;
  }

  over(): void {
    this.#failures = 0;
    this.#missing = undefined;
  }

  /** How long to wait before the next try. Throws when there is none. */
  pauseAfter(error: unknown): number {
    // A harness that has nothing to say is no failure; only a new request can tell it from a dead connection.
    if (error instanceof StreamIdle) return 0;
    if (error instanceof SessionOver || isLoss(error)) return this.#askAgain(error);
    if (!isWorthAnotherTry(error)) throw error;
    const { attempts, pauseMs } = this.#source.reconnect;
    this.#failures += 1;
    if (this.#failures <= attempts) return pauseMs * 2 ** (this.#failures - 1);
    if (error instanceof HarnessConnectionError && error.code === 'STREAM_ENDED') throw error;
    const message = `the connection to the events broke ${this.#failures} times in a row`;
    throw new HarnessConnectionError('UNREACHABLE', message, { cause: error });
  }

  /** Something on the way may have swallowed what is missing: the harness is asked for it once. */
  #askAgain(error: HarnessConnectionError): number {
    const at = (this.#source.cursor.lastEventId ?? -1) + 1;
    if (this.#missing === at) throw error;
    this.#missing = at;
    return 0;
  }
}

/** Those that were not seen before, up to where one is missing: it may have been a question. */
function newOnes(
  frames: readonly SseFrame[],
  { lastEventId = -1 }: Cursor,
): { readonly fresh: readonly SseFrame[]; readonly missing?: HarnessConnectionError } {
  const fresh: SseFrame[] = [];
  let last = lastEventId;
  for (const frame of frames) {
    const { id, event } = frame;
    if (id !== undefined) {
      if (id <= last) continue;
      // What the harness itself says that it has dropped was no question and no answer.
      const first = event.kind === 'ca_events_dropped' ? event.from : id;
      if (first > last + 1) {
        const lost = `events ${last + 1} to ${first - 1} are no longer kept`;
        return { fresh, missing: new HarnessConnectionError('EVENTS_LOST', lost) };
      }
      last = id;
    }
    fresh.push(frame);
  }
  return { fresh };
}

const isLoss = (error: unknown): error is HarnessConnectionError =>
  error instanceof HarnessConnectionError && error.code === 'EVENTS_LOST';

/** A rejection is an answer, unless it is a proxy's that found nobody. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof HarnessProtocolError) return [502, 503, 504].includes(error.status);
  return !(error instanceof RangeError);
}

/** Nothing follows: the session has ended. */
class SessionOver extends HarnessConnectionError {}

const OVER: readonly (string | undefined)[] = ['completed', 'cancelled', 'errored'];

/** Why a response ended before the session said that it did. One that brought something may have been cut. */
async function endOf({ client, id }: EventSource, came: boolean, signal: AbortSignal): Promise<Error> {
  const message = 'the events ended before the turn did';
  const { status } = came ? {} : await client.info(id, signal);
  if (!OVER.includes(status)) return new HarnessConnectionError('STREAM_ENDED', message);
  return new SessionOver('STREAM_ENDED', `${message}; the session is ${status}`);
}

async function* framesIn(
  response: Response,
  { reconnect }: EventSource,
  signal: AbortSignal,
): AsyncGenerator<readonly SseFrame[], void> {
  if (!response.body) return;
  const parser = createSseParser();
  for await (const chunk of chunksOf(response.body, reconnect.idleMs, signal)) {
    const frames = parser.push(chunk);
    if (frames.length > 0) yield frames;
  }
}
