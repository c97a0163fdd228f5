import { messageOf, VzvmError } from '../errors.ts';

/** What ends a wait before its work is done. */
export interface Limits {
  /** What is waited for, for the message: "the SSH banner". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The error of the deadline. */
  readonly late: () => VzvmError;
}

/** Waits for work until its deadline or until it is cancelled. The work itself is not ended: that is the caller's. */
export function bounded<T>(work: Promise<T>, limits: Limits): Promise<T> {
  const { signal } = limits;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(limits.late()), limits.timeoutMs);
  const onAbort = () => reject(aborted(limits.what, signal?.reason));
  work.then(resolve, reject);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}

/** The error of a cancelled operation. */
export function aborted(what: string, cause: unknown): VzvmError {
  return new VzvmError('ABORTED', `waiting for ${what} was cancelled`, { cause });
}

/** The error of whatever was asked of a connection that is gone. */
export function connectionLost(what: string, cause: unknown): VzvmError {
  const reason = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new VzvmError('SSH_CLOSED', `the SSH connection was lost during ${what}${reason}`, {
    retry: 'safe',
    hint: 'connect again; if it happens again, the console of the guest says whether it ran out of memory',
    cause,
  });
}
