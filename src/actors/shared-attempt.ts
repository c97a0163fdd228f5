import { VzvmError } from '../errors.ts';

/** One attempt that several wait for: each leaves by its own signal, and the last one to leave cancels the attempt. */
export class SharedAttempt<T> {
  readonly #cancel = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;
  #isDone = false;

  constructor(start: (signal: AbortSignal) => Promise<T>) {
    this.#result = start(this.#cancel.signal).finally(() => {
      this.#isDone = true;
    });
    // Everyone may have left before it fails.
    this.#result.catch(() => undefined);
  }

  /** False once it has ended, or was cancelled: then it is too late to wait for it. */
  get isOpen(): boolean {
    return !this.#isDone && !this.#cancel.signal.aborted;
  }

  /** @throws VzvmError ABORTED by the signal of this caller alone, or what the attempt throws. */
  async join(signal: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const leave = () =>
      reject(new VzvmError('ABORTED', 'waiting for the guest was cancelled', { cause: signal.reason }));
    this.#waiting += 1;
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    this.#result.then(resolve, reject);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#waiting -= 1;
      if (this.#waiting === 0 && !this.#isDone) this.#cancel.abort();
    }
  }
}
