/** Why a signal aborted, as an error: users abort with anything. */
export function abortReason(signal: AbortSignal): Error {
  if (signal.reason instanceof Error) return signal.reason;
  return new DOMException(`aborted: ${String(signal.reason)}`, 'AbortError');
}

/** Throws {@link abortReason} once the signal has aborted. */
export function assertNotAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}

/** The promise's end, or the signal's reason as soon as it aborts, whatever the promise does then. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(abortReason(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** How long something may take, and what ends it before. */
export interface Limit {
  readonly ms: number;
  readonly signal?: AbortSignal | undefined;
  /** What the wait rejects with once its time is up. */
  readonly late: () => Error;
}

/** Runs something that gets a signal to honour, and waits no longer than the limit even if it does not honour it. */
export async function within<T>(limit: Limit, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const signal = limit.signal ? AbortSignal.any([limit.signal, deadline.signal]) : deadline.signal;
  assertNotAborted(signal);
  const timer = setTimeout(() => deadline.abort(limit.late()), limit.ms);
  try {
    return await abortable(work(signal), signal);
  } finally {
    clearTimeout(timer);
  }
}
