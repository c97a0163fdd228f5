import { HarnessError } from '../errors.ts';
import { isSecret } from '../http/auth.ts';

/** Enough for a mistake of the owner's, too few to guess anything. */
const MOST_WRONG_CLAIMS = 5;

/** Decides who may claim the harness: whoever has the secret, once. */
export class ClaimDesk {
  readonly #isSecret: (given: string) => boolean;
  readonly #onLockedOut: () => void;
  #wrong = 0;
  #taken = false;

  /** @param onLockedOut called once, when too many came without the secret. */
  constructor(secret: string, onLockedOut: () => void) {
    this.#isSecret = isSecret(secret);
    this.#onLockedOut = onLockedOut;
  }

  /** Lets nobody pass who has not the secret, and after too many of them nobody at all. */
  admit(given: string | undefined): void {
    const isRight = given !== undefined && this.#isSecret(given);
    if (isRight && !this.#isLockedOut) return;
    if (!isRight && !this.#taken) this.#countWrong();
    throw new HarnessError('UNAUTHORIZED', 401, 'a claim demands the secret of this harness');
  }

  /** Takes the one claim. Without a wait between, so that of two at once one is refused. */
  take(): void {
    if (this.#taken) throw new HarnessError('ALREADY_CLAIMED', 410, 'this harness has been claimed');
    this.#taken = true;
  }

  get #isLockedOut(): boolean {
    return this.#wrong >= MOST_WRONG_CLAIMS;
  }

  // A claimed harness does not count: guessing is of no use there, and must not end somebody's work.
  #countWrong(): void {
    this.#wrong += 1;
    if (this.#wrong === MOST_WRONG_CLAIMS) this.#onLockedOut();
  }
}
