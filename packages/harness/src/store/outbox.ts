import type { TranscriptEntry, TranscriptKey, TranscriptLine } from '@computeragent/protocol';
import { BATCH_BYTES, joined, type ReadableLog, type ReadResult } from '../session/log-stream.ts';
import { Waiting } from '../session/waiting.ts';

const MAX_BYTES = 128 * 1024 * 1024;

const encoder = new TextEncoder();

/** Lines of a transcript on their way to the host. Each is kept until the host says that it has it. */
export class Outbox implements ReadableLog {
  readonly #waiting = new Waiting();
  readonly #maxBytes: number;
  #lines: Uint8Array[] = [];
  /** How many the host has: the first kept line's number less one. */
  #acknowledged = 0;
  #bytes = 0;
  #closed = false;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Number of the last line. */
  get seq(): number {
    return this.#acknowledged + this.#lines.length;
  }

  /** Bytes that the host has not said to have. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws Error when the host has left too much of it here. */
  append(key: TranscriptKey, entries: readonly TranscriptEntry[]): void {
    const line: TranscriptLine = { seq: this.seq + 1, key, entries: [...entries] };
    const bytes = encoder.encode(`${JSON.stringify(line)}\n`);
    if (this.#bytes + bytes.byteLength > this.#maxBytes) {
      throw new Error(`the host has not fetched ${this.#bytes} bytes of the transcript`);
    }
    this.#lines.push(bytes);
    this.#bytes += bytes.byteLength;
    this.#waiting.wake();
  }

  /** The host has all lines up to this one. */
  acknowledge(seq: number): void {
    const known = this.#lines.splice(0, Math.max(0, seq - this.#acknowledged));
    this.#acknowledged += known.length;
    this.#bytes -= known.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** No line follows. */
  close(): void {
    this.#closed = true;
    this.#waiting.wake();
  }

  /** The lines that are there up to this one: they end with it. */
  upTo(seq: number): ReadableLog {
    const read: ReadableLog['read'] = async (after, idleMs, signal) =>
      after >= seq ? { kind: 'closed' } : this.read(after, idleMs, signal);
    return { read };
  }

  async read(after: number, idleMs: number, signal: AbortSignal): Promise<ReadResult> {
    const isDone = (): boolean => this.seq > after || this.#closed;
    if (!isDone()) await this.#waiting.wait(idleMs, signal);
    if (this.seq <= after) return { kind: this.#closed ? 'closed' : 'idle' };
    const from = Math.max(0, after - this.#acknowledged);
    const lines = this.#batch(from);
    return { kind: 'bytes', bytes: joined(lines), cursor: this.#acknowledged + from + lines.length };
  }

  /** The next lines, at least one, however large. */
  #batch(from: number): readonly Uint8Array[] {
    let to = from;
    let size = 0;
    do size += this.#lines[to++]?.byteLength ?? 0;
    while (size + (this.#lines[to]?.byteLength ?? Infinity) <= BATCH_BYTES);
    return this.#lines.slice(from, to);
  }
}
