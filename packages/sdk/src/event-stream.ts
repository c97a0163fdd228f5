import { createSseParser, type SseFrame } from '@computeragent/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HarnessClient } from './client.ts';
import { HarnessProtocolError } from './errors.ts';

const MAX_RECONNECTS = 5;
const FIRST_PAUSE_MS = 100;

/** Where a reader is in a session's events. */
export interface Cursor {
  /** The last event that was seen; undefined before the first. */
  lastEventId: number | undefined;
}

/**
 * A session's events from the cursor on. A connection that breaks is taken up again where it broke, so that nothing is
 * lost or repeated; one that ends ends the iteration.
 */
export async function* readEvents(
  client: HarnessClient,
  sessionId: string,
  cursor: Cursor,
  signal: AbortSignal,
): AsyncGenerator<SseFrame['event'], void> {
  for (let failures = 0; ;) {
    try {
      const response = await client.events(sessionId, cursor.lastEventId, signal);
      for await (const frame of framesIn(response)) {
        if (frame.id !== undefined) {
          if (cursor.lastEventId !== undefined && frame.id <= cursor.lastEventId) continue;
          cursor.lastEventId = frame.id;
        }
        failures = 0;
        yield frame.event;
      }
      return;
    } catch (error) {
      // A rejection is an answer; only a broken connection is worth another try.
      if (signal.aborted || error instanceof HarnessProtocolError || error instanceof RangeError) throw error;
      failures += 1;
      if (failures > MAX_RECONNECTS) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** failures, undefined, { signal });
    }
  }
}

async function* framesIn(response: Response): AsyncGenerator<SseFrame, void> {
  const parser = createSseParser();
  if (!response.body) return;
  for await (const chunk of response.body) yield* parser.push(chunk);
}
