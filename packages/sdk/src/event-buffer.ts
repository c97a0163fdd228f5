import type { HarnessEvent } from '@computeragent/protocol';

/** One loop over the events, and how far it is. */
export interface EventReader {
  /** Number of the next event. */
  next: number;
}

/** Where events wait for their readers. The fastest of them sets the pace; without one there is nobody to wait for. */
export class EventBuffer {
  readonly #readAhead: number;
  readonly #keep: boolean;
  readonly #events: HarnessEvent[] = [];
  readonly #readers = new Set<EventReader>();
  readonly #waiting: (() => void)[] = [];
  /** Number of the first event that is still here. */
  #first = 0;
  #bound = true;
  #wasRead = false;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;
  #go: (() => void) | undefined;

  constructor(readAhead: number, keep: boolean) {
    this.#readAhead = readAhead;
    this.#keep = keep;
  }

  /** What went wrong, behind the last event. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Every event that is still here. */
  get kept(): readonly HarnessEvent[] {
    return this.#events;
  }

  attach(): EventReader {
    const reader = { next: this.#first };
    this.#readers.add(reader);
    this.#wasRead = true;
    return reader;
  }

  detach(reader: EventReader): void {
    this.#readers.delete(reader);
    this.#trim();
    this.#pace();
  }

  /** The reader's next event, if it is here. */
  take(reader: EventReader): HarnessEvent | undefined {
    const event = this.#events[reader.next - this.#first];
    if (!event) return undefined;
    reader.next += 1;
    this.#trim();
    this.#pace();
    return event;
  }

  /** The reader's next event, once it is here; undefined at the end. */
  async wait(reader: EventReader): Promise<HarnessEvent | undefined> {
    for (;;) {
      const event = this.take(reader);
      if (event) return event;
      if (this.#failure) throw this.#failure.error;
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  add(events: readonly HarnessEvent[]): void {
    for (const event of events) this.#events.push(event);
    this.#trim();
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  /** From now on there is always room. */
  unbind(): void {
    this.#bound = false;
    this.#pace();
  }

  /** Resolves when more events may be added. */
  async room(): Promise<void> {
    if (this.#hasRoom()) return;
    await new Promise<void>((resolve) => {
      this.#go = resolve;
    });
  }

  #hasRoom(): boolean {
    if (!this.#bound || this.#readers.size === 0) return true;
    let furthest = this.#first;
    for (const { next } of this.#readers) furthest = Math.max(furthest, next);
    return this.#first + this.#events.length - furthest < this.#readAhead;
  }

  #pace(): void {
    if (!this.#go || !this.#hasRoom()) return;
    this.#go();
    this.#go = undefined;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Lets go what everybody has read, where nobody comes back for it. */
  #trim(): void {
    if (this.#keep || !this.#wasRead) return;
    let slowest = this.#first + this.#events.length;
    for (const { next } of this.#readers) slowest = Math.min(slowest, next);
    const read = slowest - this.#first;
    // Many at once: each removal moves what is left.
    if (read === 0 || (read < TRIM && read < this.#events.length)) return;
    this.#events.splice(0, read);
    this.#first = slowest;
  }
}

const TRIM = 256;
