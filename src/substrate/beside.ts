/** Work that nobody waits for, done beside something that is in use. It is cancelled when nothing is in use any more. */
export class Beside {
  readonly #inUse = new Set<Promise<unknown>>();
  #work: { readonly cancel: AbortController; readonly done: Promise<void> } | undefined;

  /** Does the work while `use` lasts, or any other that is known here; not a second time while it is under way. */
  run(use: Promise<unknown>, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): void {
    this.#inUse.add(use);
    const over = () => {
      this.#inUse.delete(use);
      if (this.#inUse.size === 0) this.#work?.cancel.abort();
    };
    use.then(over, over);
    if (this.#work) return;
    const cancel = new AbortController();
    const done = work(AbortSignal.any([cancel.signal, signal])).finally(() => {
      this.#work = undefined;
    });
    done.catch(() => undefined); // What it has to say it says itself.
    this.#work = { cancel, done };
  }

  /** Resolves when no work is under way that was cancelled. */
  async quiet(): Promise<void> {
    if (this.#work?.cancel.signal.aborted) await this.#work.done.catch(() => undefined);
  }
}
