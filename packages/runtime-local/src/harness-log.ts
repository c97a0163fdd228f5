import type { Redact } from '@computeragent/harness/host';

const TAIL_LINES = 20;

/** What a harness says, line by line and without secrets; its end is kept for an error. */
export class HarnessLog {
  readonly #onLine: (line: string) => void;
  readonly #redact: Redact;
  readonly #tail: string[] = [];

  constructor(onLine: (line: string) => void, redact: Redact) {
    this.#onLine = onLine;
    this.#redact = redact;
  }

  /** The last lines. */
  get tail(): string {
    return this.#tail.join('\n');
  }

  /** Takes lines in; resolves when there are no more. */
  async follow(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) this.add(line);
  }

  add(line: string): void {
    const safe = this.#redact(line);
    this.#tail.push(safe);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    try {
      this.#onLine(safe);
    } catch {
      // A listener that throws changes nothing.
    }
  }
}
