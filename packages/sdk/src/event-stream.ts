import { createSseParser, type SseFrame } from '@computeragent/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HarnessClient } from './client.ts';
import { HarnessConnectionError, HarnessProtocolError } from './errors.ts';
import type { Reconnect } from './options.ts';
import { abortable, assertNotAborted } from './wait.ts';

/** Where a reader is in a session's events. */
export interface Cursor {
  /** The last event that was seen; undefined before the first. */
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
 * A session's events from the cursor on. A connection that breaks is taken up again where it broke, so that nothing is
 * lost or repeated; one that ends ends the iteration.
 */
export async function* readEvents(
  source: EventSource,
  signal: AbortSignal,
): AsyncGenerator<SseFrame['event'], void> {
  const { client, id, cursor, reconnect } = source;
  for (let failures = 0; ;) {
    try {
      const response = await client.events(id, cursor.lastEventId, signal);
      for await (const frame of framesIn(response, signal)) {
        failures = 0;
        if (advance(cursor, frame.id)) yield frame.event;
      }
      return;
    } catch (error) {
      assertNotAborted(signal);
      if (!isWorthAnotherTry(error)) throw error;
      failures += 1;
      if (failures > reconnect.attempts) throw lost(error, failures);
      await abortable(sleep(reconnect.pauseMs * 2 ** (failures - 1), undefined, { signal }), signal);
    }
  }
}

/** False for an event that was seen before. Throws where events are missing: one of them may have been a question. */
function advance(cursor: Cursor, id: number | undefined): boolean {
  if (id === undefined) return true;
  const last = cursor.lastEventId ?? -1;
  if (id <= last) return false;
  if (id > last + 1) {
    throw new HarnessConnectionError('EVENTS_LOST', `events ${last + 1} to ${id - 1} are no longer kept`);
  }
  cursor.lastEventId = id;
  return true;
}

/** A rejection is an answer, unless it is a proxy's that found nobody. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof HarnessProtocolError) return [502, 503, 504].includes(error.status);
  if (error instanceof HarnessConnectionError) return error.code !== 'EVENTS_LOST';
  return !(error instanceof RangeError);
}

function lost(error: unknown, tries: number): Error {
  const message = `the connection to the events broke ${tries} times in a row`;
  return new HarnessConnectionError('UNREACHABLE', message, { cause: error });
}

async function* framesIn(response: Response, signal: AbortSignal): AsyncGenerator<SseFrame, void> {
  if (!response.body) return;
  const parser = createSseParser();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { value, done } = await abortable(reader.read(), signal);
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    // Closes the connection. It may be broken, which is then what is being thrown already.
    await reader.cancel().catch(() => undefined);
  }
}
