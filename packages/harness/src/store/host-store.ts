import { HarnessError } from '../errors.ts';
import { Outbox } from './outbox.ts';
import type { OpenStore, StoreKind } from './store.ts';
import { TranscriptTable } from './transcript-table.ts';

/** The name that a client asks for it by. */
export const HOST_STORE = 'host';

/** One that no session was made for within this time is forgotten. */
const SEED_MS = 15 * 60_000;
const MAX_SEEDS_CHARS = 256 * 1024 * 1024;

/**
 * The store that is not here: what a session's engine shall know of its past is given before the session is made, and what
 * it adds is fetched by the host.
 */
export class HostStore implements StoreKind {
  readonly name = HOST_STORE;
  readonly #seeds = new Map<string, { readonly table: TranscriptTable; readonly timer: NodeJS.Timeout }>();
  readonly #seedMs: number;

  constructor(seedMs = SEED_MS) {
    this.#seedMs = seedMs;
  }

  /** Keeps a transcript for a session that is to come, in the place of an earlier one. */
  seed(scope: string, table: TranscriptTable): void {
    this.#take(scope);
    const size = [...this.#seeds.values()].reduce((sum, seed) => sum + seed.table.size, table.size);
    if (size > MAX_SEEDS_CHARS) {
      throw new HarnessError('TOO_LARGE', 413, 'too many transcripts wait for their sessions');
    }
    const timer = setTimeout(() => this.#seeds.delete(scope), this.#seedMs);
    timer.unref();
    this.#seeds.set(scope, { table, timer });
  }

  open({ scope }: { readonly scope: string }): OpenStore {
    const table = this.#take(scope) ?? new TranscriptTable();
    const outbox = new Outbox();
    return {
      outbox,
      append: async (key, entries) => {
        const fresh = table.fresh(key, entries);
        if (fresh.length > 0) outbox.append(key, fresh);
        table.leaveOut(key, fresh);
      },
      load: async (key) => table.load(key),
      listSubkeys: async (key) => table.listSubkeys(key),
      close: () => outbox.close(),
    };
  }

  /** Forgets all that waits. */
  clear(): void {
    for (const scope of this.#seeds.keys()) this.#take(scope);
  }

  #take(scope: string): TranscriptTable | undefined {
    const seed = this.#seeds.get(scope);
    clearTimeout(seed?.timer);
    this.#seeds.delete(scope);
    return seed?.table;
  }
}
