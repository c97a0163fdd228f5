import { VzvmError } from '../errors.ts';

/** How a command in a guest ends. */
export interface Reply {
  readonly code?: number;
  readonly out?: string;
  readonly err?: string;
}

/** What somebody who waits at a gate is told: to go on, that it is too early, to fail, or what to say. */
export type Outcome = 'go' | 'not yet' | Error | Reply;

interface Waiting {
  readonly gate: string;
  readonly settle: (outcome: Outcome) => void;
}

/** Where what a VM does waits until a test says how it goes. */
export class Gates {
  readonly #waiting = new Set<Waiting>();
  readonly #decided = new Map<string, Outcome>();
  #isOpen = false;

  /** Waits at a gate. @throws VzvmError ABORTED by the signal. */
  pass(gate: string, signal?: AbortSignal): Promise<Outcome> {
    const decided = this.#decided.get(gate);
    if (this.#isOpen || decided !== undefined) return Promise.resolve(decided ?? 'go');
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const leave = () => {
      this.#waiting.delete(waiting);
      reject(
        new VzvmError('ABORTED', `waiting at the gate ${gate} was cancelled`, { cause: signal?.reason }),
      );
    };
    const settle = (outcome: Outcome) => {
      this.#waiting.delete(waiting);
      signal?.removeEventListener('abort', leave);
      resolve(outcome);
    };
    const waiting = { gate, settle };
    this.#waiting.add(waiting);
    signal?.addEventListener('abort', leave, { once: true });
    if (signal?.aborted) leave();
    return promise;
  }

  /** Whether somebody waits there. */
  has(gate: string): boolean {
    return [...this.#waiting].some((each) => each.gate === gate);
  }

  /** Gates that somebody waits at. */
  get names(): readonly string[] {
    return [...new Set([...this.#waiting].map((each) => each.gate))];
  }

  /** Tells all who wait there. */
  settle(gate: string, outcome: Outcome): void {
    for (const each of this.#waiting) if (each.gate === gate) each.settle(outcome);
  }

  /** Tells whoever comes to a gate from now on. */
  decide(gate: string, outcome: Outcome | undefined): void {
    if (outcome === undefined) this.#decided.delete(gate);
    else this.#decided.set(gate, outcome);
  }

  /** Lets everybody through, now and later. */
  open(): void {
    this.#isOpen = true;
    for (const each of this.#waiting) each.settle('go');
  }
}
