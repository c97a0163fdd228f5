import { createHash } from 'node:crypto';
import type { UserMessage } from '@computeragent/protocol';
import { HarnessError } from '../errors.ts';

/** Far more than a client has on its way at once. */
const KEPT = 1_000;
const PATTERN = /^[\x21-\x7e]{1,128}$/;

/** Which messages have come, by the keys that their sender gave them: one that comes once more is not a second one. */
export class MessageKeys {
  /** What came with each key; the oldest first. */
  readonly #digests = new Map<string, string>();

  /**
   * True when this message has come with this key before.
   * @throws HarnessError CONFLICT when it was another message, VALIDATION when it is no key.
   */
  knows(key: string, message: UserMessage): boolean {
    if (!PATTERN.test(key)) {
      throw new HarnessError('VALIDATION', 400, 'Idempotency-Key must be 1 to 128 visible characters');
    }
    const known = this.#digests.get(key);
    if (known === undefined) return false;
    if (known === digestOf(message)) return true;
    throw new HarnessError(
      'CONFLICT',
      409,
      'another message came with this Idempotency-Key: give each its own',
    );
  }

  add(key: string, message: UserMessage): void {
    this.#digests.set(key, digestOf(message));
    const [oldest] = this.#digests.keys();
    if (this.#digests.size > KEPT && oldest !== undefined) this.#digests.delete(oldest);
  }
}

function digestOf(message: UserMessage): string {
  return createHash('sha256').update(JSON.stringify(message)).digest('base64');
}
