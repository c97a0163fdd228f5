import { VzvmError } from '../errors.ts';

/**
 * Waits for what several may wait for, until whoever waits here is cancelled; the work itself goes on.
 * @throws VzvmError ABORTED, which names what was waited for.
 */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  what = 'the boot',
): Promise<T> {
  if (!signal) return work;
  const cancelled = Promise.withResolvers<never>();
  const cancel = () =>
    cancelled.reject(new VzvmError('ABORTED', `${what} was cancelled`, { cause: signal.reason }));
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await Promise.race([cancelled.promise, work]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
