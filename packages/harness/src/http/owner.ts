import { isSecret } from './auth.ts';

/** Whose harness it is: whoever has the token, until it is handed over. */
export class Owner {
  #isToken: (given: string) => boolean;
  #over = new AbortController();

  constructor(token: string) {
    this.#isToken = isSecret(token);
  }

  admits(given: string): boolean {
    return this.#isToken(given);
  }

  /** Aborted when the harness becomes another's: what its owner still reads ends then. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** From now on it is whoever's token this is, and nobody else's. */
  handOver(token: string): void {
    this.#isToken = isSecret(token);
    this.#over.abort();
    this.#over = new AbortController();
  }
}
