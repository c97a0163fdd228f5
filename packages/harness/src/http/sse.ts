import type { EventLog } from '../session/event-log.ts';

const KEEP_ALIVE_MS = 20_000;
const KEEP_ALIVE = new TextEncoder().encode(':keepalive\n');

/** Where a reader starts: after the last event that it saw. */
export function cursorOf(lastEventId: string | undefined): number {
  return lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : -1;
}

/** How a stream of events is kept open. */
export interface EventStreamOptions {
  readonly keepAliveMs?: number | undefined;
  /** Ends the stream when it is aborted, whatever the log still has. */
  readonly until?: AbortSignal | undefined;
}

/**
 * A stream of a log's frames after `cursor`. It is pulled: a slow reader makes nothing pile up, and one that leaves
 * ends its wait at once.
 */
export function eventStream(
  events: EventLog,
  cursor: number,
  { keepAliveMs = KEEP_ALIVE_MS, until }: EventStreamOptions = {},
): ReadableStream<Uint8Array> {
  const left = new AbortController();
  const stop = until ? AbortSignal.any([left.signal, until]) : left.signal;
  let position = cursor;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const result = await events.read(position, keepAliveMs, stop);
        if (left.signal.aborted) return;
        if (until?.aborted || result.kind === 'closed') controller.close();
        else if (result.kind === 'idle') controller.enqueue(KEEP_ALIVE);
        else {
          position = result.cursor;
          for (const frame of result.frames) controller.enqueue(frame);
        }
      },
      cancel: () => left.abort(),
    },
    // Nothing is read ahead of the reader.
    { highWaterMark: 0 },
  );
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
