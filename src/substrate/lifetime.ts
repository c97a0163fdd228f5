import { VzvmError } from '../errors.ts';
import { endOnSignals } from './signals.ts';

/** What ends with a substrate, and what ends it. */
export class Lifetime {
  readonly #end: () => Promise<void>;
  readonly #endsWith: AbortSignal | undefined;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #onEnd: () => void;
  #ignoreSignals: (() => void) | undefined;

  constructor(options: {
    /** Ends the substrate. */
    readonly end: () => Promise<void>;
    /** Ends it, too. */
    readonly endsWith: AbortSignal | undefined;
    readonly log: (line: string) => void;
  }) {
    this.#end = options.end;
    this.#endsWith = options.endsWith;
    this.#onEnd = () => void this.#end().catch((error: unknown) => options.log(String(error)));
    this.#endsWith?.addEventListener('abort', this.#onEnd, { once: true });
  }

  /** Aborted as soon as the end begins. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** For work that somebody asked for: aborted by them, or by the end. */
  signal(caller: AbortSignal | undefined): AbortSignal {
    const all = [this.#closing.signal, caller, this.#endsWith];
    return AbortSignal.any(all.filter((each) => each !== undefined));
  }

  /** The end waits for it; from the first one on a signal to the process ends the substrate. */
  track<T>(work: Promise<T>): Promise<T> {
    if (!this.#closing.signal.aborted) this.#ignoreSignals ??= endOnSignals(this.#end);
    this.#underWay.add(work);
    const done = () => void this.#underWay.delete(work);
    work.then(done, done);
    return work;
  }

  /** Begins the end: aborts all that is under way. */
  close(): void {
    this.#endsWith?.removeEventListener('abort', this.#onEnd);
    this.#closing.abort(new VzvmError('ABORTED', 'the substrate is disposed'));
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /** Signals to the process are its own again. */
  over(): void {
    this.#ignoreSignals?.();
  }
}
