import type { Entry } from './entry.ts';
import type { LogSource } from './records.ts';
import { Ring } from './ring.ts';

const MOST_OF_A_SOURCE = 400;

/** The last lines that were said of a VM, of each source. */
export class LogLines {
  readonly #rings = new Map<LogSource, Ring<Entry>>();

  /** `fresh`: in the place of all that this source has said before. */
  push(source: LogSource, entry: Entry, fresh: boolean): void {
    const ring = (fresh ? undefined : this.#rings.get(source)) ?? new Ring<Entry>();
    this.#rings.set(source, ring);
    ring.push(entry, MOST_OF_A_SOURCE);
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (const ring of this.#rings.values()) yield* ring;
  }
}
