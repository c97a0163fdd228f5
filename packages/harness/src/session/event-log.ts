import { encodeSseFrame, endsTurn, type HarnessEvent } from '@computeragent/protocol';
import { BATCH_BYTES, joined, type ReadableLog, type ReadResult } from './log-stream.ts';
import { Waiting } from './waiting.ts';

/** Bytes of frames kept for replay. Counted in bytes: one turn of token-level partials is thousands of small events. */
const RETAINED_BYTES = 16 * 1024 * 1024;
/** Entries without a frame are cleared away when there are so many, and more of them than others. */
const MANY = 1024;

const encoder = new TextEncoder();

/** Of an event, an event in its place being what is left of it. */
type Remains = 'nothing' | 'all' | HarnessEvent;

interface Entry {
  readonly id: number;
  /** Undefined once it was dropped. */
  frame: Uint8Array | undefined;
  /** What is left when there is no more room. */
  readonly remains: Remains;
}

/** The events of one session, encoded once, kept for replay, followed by any number of readers. */
export class EventLog implements ReadableLog {
  readonly #sessionId: string;
  readonly #retainedBytes: number;
  readonly #waiting = new Waiting();
  /** In the order of their ids. */
  #entries: Entry[] = [];
  /** Entries before this one have no more to give. */
  #spent = 0;
  #dropped = 0;
  #next = 0;
  #bytes = 0;
  #closed = false;

  constructor(sessionId: string, retainedBytes = RETAINED_BYTES) {
    this.#sessionId = sessionId;
    this.#retainedBytes = retainedBytes;
  }

  /** Readers that wait for something new right now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Adds an event and returns its id. One that comes after the end is counted, but no reader gets it. */
  append(event: HarnessEvent): number {
    const id = this.#next++;
    if (this.#closed) return id;
    const frame = encoder.encode(encodeSseFrame({ id, event }));
    this.#entries.push({ id, frame, remains: remainsOf(event) });
    this.#bytes += frame.byteLength;
    this.#makeRoom();
    this.#waiting.wake();
    return id;
  }

  /** No event follows: readers get what is left, then the end. */
  close(): void {
    this.#closed = true;
    this.#waiting.wake();
  }

  async read(cursor: number, idleMs: number, signal: AbortSignal): Promise<ReadResult> {
    if (!this.#has(cursor) && !this.#closed) await this.#waiting.wait(idleMs, signal);
    if (this.#has(cursor)) return this.#batch(cursor);
    return { kind: this.#closed ? 'closed' : 'idle' };
  }

  #has(cursor: number): boolean {
    const last = this.#entries.at(-1);
    return last !== undefined && cursor < last.id;
  }

  #batch(cursor: number): ReadResult {
    const frames: Uint8Array[] = [];
    let size = 0;
    let position = cursor;
    for (let index = this.#indexAfter(cursor); index < this.#entries.length; index += 1) {
      const { id, frame } = this.#entries[index] as Entry;
      if (!frame) continue;
      if (size > 0 && size + frame.byteLength > BATCH_BYTES) break;
      if (id > position + 1) frames.push(this.#gap(position + 1, id - 1));
      frames.push(frame);
      size += frame.byteLength;
      position = id;
    }
    return { kind: 'bytes', bytes: joined(frames), cursor: position };
  }

  #gap(from: number, to: number): Uint8Array {
    const event = { kind: 'ca_events_dropped', sessionId: this.#sessionId, from, to } as const;
    return encoder.encode(encodeSseFrame({ id: to, event }));
  }

  /** Index of the first entry with a greater id, found by halving. */
  #indexAfter(cursor: number): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Entry).id > cursor) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Drops the oldest, but what a client must not miss stays, and so does the last one. */
  #makeRoom(): void {
    while (this.#bytes > this.#retainedBytes && this.#spent < this.#entries.length - 1) {
      this.#reduce(this.#entries[this.#spent++] as Entry);
    }
    if (this.#dropped > MANY && this.#dropped > this.#entries.length / 2) this.#clearAway();
  }

  #reduce(entry: Entry): void {
    const { id, frame, remains } = entry;
    if (remains === 'all') return;
    const rest = remains === 'nothing' ? undefined : encoder.encode(encodeSseFrame({ id, event: remains }));
    this.#bytes += (rest?.byteLength ?? 0) - (frame?.byteLength ?? 0);
    entry.frame = rest;
    if (!rest) this.#dropped += 1;
  }

  #clearAway(): void {
    const spent = this.#entries.slice(0, this.#spent).filter(({ frame }) => frame !== undefined);
    this.#entries = [...spent, ...this.#entries.slice(this.#spent)];
    this.#spent = spent.length;
    this.#dropped = 0;
  }
}

/**
 * Of the engine's messages nothing remains but the ends of turns, because a client counts by them. All others stay, a turn
 * without the user's message: its client has that, and pictures are large.
 */
function remainsOf(event: HarnessEvent): Remains {
  if (event.kind === 'sdk_message') return endsTurn(event.payload) ? 'all' : 'nothing';
  if (event.kind !== 'ca_turn_started') return 'all';
  const { message: _, ...rest } = event;
  return rest;
}
