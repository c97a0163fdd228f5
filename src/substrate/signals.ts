const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = NodeJS.Signals;

const ends = new Set<() => Promise<unknown>>();
const seen = new Set<Signal>();

/**
 * Has `end` run, and be waited for, when a signal is about to end this process, which then dies of that signal; a second
 * one ends it at once. A program that listens itself decides for itself: when it ends, the reaper does the rest.
 * Answers how to stop that.
 */
export function endOnSignals(end: () => Promise<unknown>): () => void {
  if (ends.size === 0) for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  ends.add(end);
  return () => {
    if (ends.delete(end) && ends.size === 0) stopListening();
  };
}

function onSignal(signal: Signal): void {
  const isSecond = seen.has(signal);
  seen.add(signal);
  if (process.listenerCount(signal) > 1) return;
  if (isSecond) die(signal);
  else void Promise.allSettled([...ends].map((end) => end())).then(() => die(signal));
}

/** As it would have without us: whoever started this process is told the truth by its exit status. */
function die(signal: Signal): void {
  stopListening();
  process.kill(process.pid, signal);
}

function stopListening(): void {
  for (const signal of SIGNALS) process.removeListener(signal, onSignal);
}
