import { StringDecoder } from 'node:string_decoder';

/** A line longer than this is handed on in pieces. */
const LONGEST_LINE = 64 * 1024;

/** Collects what a program writes, keeping the end of it, and hands its lines on. */
export class Output {
  readonly #decoder = new StringDecoder('utf8');
  readonly #limit: number;
  readonly #onLine: ((line: string) => void) | undefined;
  #kept = '';
  #line = '';

  constructor(limit: number, onLine?: (line: string) => void) {
    this.#limit = limit;
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** Hands the last line on, and answers the text: at most the last `limit` characters. */
  end(): string {
    this.#take(this.#decoder.end());
    if (this.#line !== '') this.#onLine?.(this.#line);
    this.#line = '';
    return this.#kept.slice(-this.#limit);
  }

  #take(text: string): void {
    this.#kept += text;
    // Cut seldom: copying at each chunk would cost the square of the output.
    if (this.#kept.length > 2 * this.#limit) this.#kept = this.#kept.slice(-this.#limit);
    if (!this.#onLine) return;
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line.replace(/\r$/, ''));
    if (this.#line.length > LONGEST_LINE) {
      this.#onLine(this.#line);
      this.#line = '';
    }
  }
}
