import type { OpenStore, StoreKind } from './store.ts';
import { TranscriptTable } from './transcript-table.ts';

const MAX_CHARS = 64 * 1024 * 1024;

/**
 * Keeps transcripts as long as this harness runs: a later session of the same id goes on with them. At most `maxChars` of
 * them in all; beyond that the ones that were not used for the longest time are forgotten, but none of a live session.
 */
export function memoryStore({ maxChars = MAX_CHARS }: { readonly maxChars?: number } = {}): StoreKind {
  const memory = new Memory(maxChars);
  return { name: 'memory', open: ({ scope }) => memory.open(scope) };
}

class Memory {
  /** In the order of their last use. */
  readonly #tables = new Map<string, TranscriptTable>();
  readonly #open = new Set<string>();
  readonly #maxChars: number;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  open(scope: string): OpenStore {
    const table = this.#tables.get(scope) ?? new TranscriptTable();
    this.#use(scope, table);
    this.#open.add(scope);
    return {
      append: async (key, entries) => {
        this.#use(scope, table);
        while (!table.add(key, entries, this.#room())) {
          if (!this.#forgetOldest())
            throw new Error(`the memory store is full: ${this.#maxChars} characters`);
        }
      },
      load: async (key) => table.load(key),
      listSubkeys: async (key) => table.listSubkeys(key),
      close: () => {
        this.#open.delete(scope);
        if (table.size === 0) this.#tables.delete(scope);
      },
    };
  }

  #use(scope: string, table: TranscriptTable): void {
    this.#tables.delete(scope);
    this.#tables.set(scope, table);
  }

  #room(): number {
    return [...this.#tables.values()].reduce((room, { size }) => room - size, this.#maxChars);
  }

  #forgetOldest(): boolean {
    const oldest = [...this.#tables.keys()].find((scope) => !this.#open.has(scope));
    return oldest !== undefined && this.#tables.delete(oldest);
  }
}
