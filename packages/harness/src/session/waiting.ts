import { deferred } from '../deferred.ts';

/** Whoever waits for something new. */
export class Waiting {
  readonly #waiting = new Set<() => void>();

  /** How many wait right now. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Ends all waits. */
  wake(): void {
    const waiting = [...this.#waiting];
    for (const wake of waiting) wake();
  }

  /** Resolves when it is woken, after `ms`, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = deferred<void>();
    const wake = (): void => resolve();
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake, { once: true });
    this.#waiting.add(wake);
    try {
      await promise;
    } finally {
      this.#waiting.delete(wake);
      signal.removeEventListener('abort', wake);
      clearTimeout(timer);
    }
  }
}
