import { deferred } from '../deferred.ts';

/** Settles `ms` after the signal aborts: an engine that ignores a cancel must not keep the session open. */
export function giveUpAfterAbort(signal: AbortSignal, ms: number) {
  const { promise, resolve } = deferred<'complete'>();
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    timer = setTimeout(() => resolve('complete'), ms);
  };
  if (signal.aborted) arm();
  else signal.addEventListener('abort', arm, { once: true });
  const clear = (): void => {
    signal.removeEventListener('abort', arm);
    clearTimeout(timer);
  };
  return { promise, clear };
}
