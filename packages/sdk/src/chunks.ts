import { abortReason } from './wait.ts';

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Nothing came for too long, not even a sign of life. */
export class StreamIdle extends Error {
  override readonly name = 'StreamIdle';
}

/**
 * A body's chunks, pulled: whoever does not ask makes the sender wait. Ends with the signal's reason when aborted, with
 * {@link StreamIdle} when nothing comes for so long; the time between two demands does not count.
 */
export async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  idleMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  let asked = false;
  let idle = false;
  // Closes the connection. It may be broken, which is then what is being thrown already.
  const leave = async (): Promise<void> => reader.cancel().catch(() => undefined);
  const onAbort = (): void => void leave();
  const timer = setTimeout(
    () => {
      if (!asked) return;
      idle = true;
      void leave();
    },
    Math.min(idleMs, LONGEST_TIMER_MS),
  );
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    for (;;) {
      timer.refresh();
      asked = true;
      const { value, done } = await reader.read();
      asked = false;
      if (signal.aborted) throw abortReason(signal);
      if (idle) throw new StreamIdle(`nothing came within ${idleMs} ms`);
      if (done) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    await leave();
  }
}
