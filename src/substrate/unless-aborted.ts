import { VzvmError } from '../errors.ts';

/** Waits for what several may wait for, until whoever waits here is cancelled. @throws VzvmError ABORTED. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const cancelled = Promise.withResolvers<never>();
  const cancel = () =>
    cancelled.reject(new VzvmError('ABORTED', 'the boot was cancelled', { cause: signal.reason }));
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await Promise.race([cancelled.promise, work]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
