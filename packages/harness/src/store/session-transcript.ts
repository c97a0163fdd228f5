import type { TranscriptEntry, TranscriptKey } from '@computeragent/protocol';
import type { TranscriptStore } from '../engine/engine.ts';
import { HarnessError } from '../errors.ts';
import type { OpenStore } from './store.ts';

/** An engine's SDK tries as often before it gives a batch up. */
const MAX_FAILURES = 3;
/** In the place of the engine's own, which changes with the working directory. */
const PROJECT = 'computeragent';

/** What a session's transcript is kept with. */
export interface TranscriptInit {
  readonly store: OpenStore;
  /** Leaves out loaded entries that are not objects with a `type`. */
  readonly validate: boolean;
  /** Called once, when entries are lost for good. */
  readonly onBroken: (cause: unknown) => void;
}

/** A session's transcripts, as its engine sees them: one write after the other, and a way to wait for all of them. */
export class SessionTranscript implements TranscriptStore {
  readonly #init: TranscriptInit;
  #tail: Promise<void> = Promise.resolve();
  #seq = 0;
  #failures = 0;
  #isBroken = false;
  #isClosed = false;

  constructor(init: TranscriptInit) {
    this.#init = init;
  }

  /** What is on its way to the host; undefined when the store is not there. */
  get outbox(): OpenStore['outbox'] {
    return this.#init.store.outbox;
  }

  append(key: TranscriptKey, entries: readonly TranscriptEntry[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    if (this.#isClosed) return Promise.reject(new Error('the session has ended'));
    const done = this.#tail.then(() => this.#append(key, entries));
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async load(key: TranscriptKey): Promise<TranscriptEntry[] | null> {
    const entries = await this.#init.store.load({ ...key, projectKey: PROJECT });
    if (!entries || !this.#init.validate) return entries;
    const valid = entries.filter(isValid);
    return valid.length === 0 ? null : valid;
  }

  listSubkeys(key: Pick<TranscriptKey, 'sessionId'>): Promise<string[]> {
    return this.#init.store.listSubkeys({ ...key, projectKey: PROJECT });
  }

  /**
   * Resolves when what was appended is stored, with the number of the last line.
   * @throws HarnessError STORE_FAILED when some of it is lost.
   */
  async flush(): Promise<number> {
    await this.#tail;
    if (this.#isBroken) throw new HarnessError('STORE_FAILED', 500, 'the session store has lost entries');
    return this.outbox?.seq ?? this.#seq;
  }

  /** Resolves when what was appended is stored or lost. */
  settled(): Promise<void> {
    return this.#tail;
  }

  /** The session has ended: nothing follows. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#init.store.close?.();
  }

  async #append(key: TranscriptKey, entries: readonly TranscriptEntry[]): Promise<void> {
    try {
      await this.#init.store.append({ ...key, projectKey: PROJECT }, entries);
      this.#seq += 1;
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= MAX_FAILURES && !this.#isBroken) {
        this.#isBroken = true;
        this.#init.onBroken(error);
      }
      throw error;
    }
  }
}

function isValid(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null || !('type' in entry)) return false;
  return typeof entry.type === 'string' && entry.type !== '';
}
