import { deferred } from '../deferred.ts';
import { encodeSseFrame, type HarnessEvent } from '@computeragent/protocol';

/** What a reader gets: frames to send, nothing new within its wait, or the end of the log. */
export type ReadResult =
  | { readonly kind: 'frames'; readonly frames: readonly Uint8Array[]; readonly cursor: number }
  | { readonly kind: 'idle' }
  | { readonly kind: 'closed' };

/** Bytes of frames kept for replay. Counted in bytes: one turn of token-level partials is thousands of small events. */
const RETAINED_BYTES = 16 * 1024 * 1024;
/** Frames handed to a reader at once: a slow reader holds this much, the log holds the rest. */
const BATCH = 256;

const encoder = new TextEncoder();

/** The events of one session, encoded once, kept for replay, followed by any number of readers. */
export class EventLog {
  readonly #frames = new Map<number, Uint8Array>();
  readonly #waiting = new Set<() => void>();
  readonly #retainedBytes: number;
  #first = 0;
  #next = 0;
  #bytes = 0;
  #closed = false;

  constructor(retainedBytes = RETAINED_BYTES) {
    this.#retainedBytes = retainedBytes;
  }

  /** Readers that wait for something new right now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Adds an event; one that comes after the end is dropped. Returns its id. */
  append(event: HarnessEvent): number | undefined {
    if (this.#closed) return undefined;
    const id = this.#next++;
    const frame = encoder.encode(encodeSseFrame({ id, event }));
    this.#frames.set(id, frame);
    this.#bytes += frame.byteLength;
    this.#evict();
    this.#wake();
    return id;
  }

  /** No event follows: readers get what is left, then the end. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Waits for events after `cursor`. Resolves with `idle` after `idleMs`, or when the signal aborts. */
  async read(cursor: number, idleMs: number, signal: AbortSignal): Promise<ReadResult> {
    if (!this.#has(cursor) && !this.#closed && !signal.aborted) await this.#wait(idleMs, signal);
    if (this.#has(cursor)) return this.#batch(cursor);
    return { kind: this.#closed ? 'closed' : 'idle' };
  }

  #has(cursor: number): boolean {
    return cursor + 1 < this.#next;
  }

  #batch(cursor: number): ReadResult {
    const from = Math.max(cursor + 1, this.#first);
    const to = Math.min(from + BATCH, this.#next);
    const frames: Uint8Array[] = [];
    for (let id = from; id < to; id++) {
      const frame = this.#frames.get(id);
      if (frame) frames.push(frame);
    }
    return { kind: 'frames', frames, cursor: to - 1 };
  }

  #evict(): void {
    while (this.#bytes > this.#retainedBytes && this.#first < this.#next - 1) {
      this.#bytes -= this.#frames.get(this.#first)?.byteLength ?? 0;
      this.#frames.delete(this.#first++);
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    for (const wake of waiting) wake();
  }

  async #wait(idleMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = deferred<void>();
    const timer = setTimeout(resolve, idleMs);
    const wake = (): void => resolve();
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
