import type { UserMessage } from '@computeragent/protocol';

/** User messages on their way to the engine: closed once, delivered in order, read by one consumer. */
export class InputQueue implements AsyncIterable<UserMessage> {
  readonly #messages: UserMessage[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  get closed(): boolean {
    return this.#closed;
  }

  /** Returns false when the queue takes no more. */
  push(message: UserMessage): boolean {
    if (this.#closed) return false;
    this.#messages.push(message);
    this.#wake?.();
    return true;
  }

  /** What was pushed before is still delivered, unless `discard` says not to. */
  close({ discard = false } = {}): void {
    this.#closed = true;
    if (discard) this.#messages.length = 0;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<UserMessage, void> {
    for (;;) {
      const message = this.#messages.shift();
      if (message) yield message;
      else if (this.#closed) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
