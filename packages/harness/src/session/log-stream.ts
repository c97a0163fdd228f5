const KEEP_ALIVE_MS = 20_000;
/** Handed to a reader at once: a slow reader holds this much, the log holds the rest. */
export const BATCH_BYTES = 64 * 1024;

/** What a reader gets: bytes to send, nothing new within its wait, or the end of the log. */
export type ReadResult =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly cursor: number }
  | { readonly kind: 'idle' }
  | { readonly kind: 'closed' };

/** Something that grows until it is closed, and is read from a cursor on. */
export interface ReadableLog {
  /** Waits for what follows `cursor`. Resolves with `idle` after `idleMs`, or when the signal aborts. */
  read(cursor: number, idleMs: number, signal: AbortSignal): Promise<ReadResult>;
}

/** How a stream of a log is kept open, and what its end means. */
export interface LogStreamOptions {
  /** Sent while nothing happens. */
  readonly keepAlive: Uint8Array;
  readonly keepAliveMs?: number | undefined;
  /** Ends the stream when it is aborted, whatever the log still has. */
  readonly until?: AbortSignal | undefined;
  /** The reader has begun to read. */
  readonly onOpen?: () => void;
  /** Called once, when the log has ended, before its reader sees that, or when the reader has left. */
  readonly onEnd?: () => void | Promise<void>;
}

/**
 * A stream of what a log has after `cursor`. It is pulled: a slow reader makes nothing pile up, and one that leaves ends
 * its wait at once.
 */
export function logStream(
  log: ReadableLog,
  cursor: number,
  options: LogStreamOptions,
): ReadableStream<Uint8Array> {
  const { keepAlive, keepAliveMs = KEEP_ALIVE_MS, until } = options;
  const stop = new AbortController();
  const end = once(() => {
    until?.removeEventListener('abort', onUntil);
    return options.onEnd?.();
  });
  const onUntil = (): void => stop.abort();
  until?.addEventListener('abort', onUntil);
  const open = once(() => options.onOpen?.());
  let position = cursor;
  let hasLeft = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        open();
        const result = await log.read(position, keepAliveMs, stop.signal);
        if (hasLeft) return;
        if (until?.aborted || result.kind === 'closed') {
          await end();
          controller.close();
        } else if (result.kind === 'idle') controller.enqueue(keepAlive);
        else {
          position = result.cursor;
          controller.enqueue(result.bytes);
        }
      },
      cancel: () => {
        hasLeft = true;
        stop.abort();
        return end();
      },
    },
    // Nothing is read ahead of the reader.
    { highWaterMark: 0 },
  );
}

/** Pieces in one, so that many small ones cost no write each. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only, ...more] = pieces;
  return only && more.length === 0 ? only : Buffer.concat(pieces);
}

function once<T>(act: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => (result ??= { value: act() }).value;
}
