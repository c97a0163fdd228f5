import { VzvmError } from '../../errors.ts';
import type * as contract from '../driver.ts';

/** What the fake driver does for its templates. */
interface Guests {
  play(verb: 'save' | 'fork', name: string, signal: AbortSignal): Promise<void>;
  runs(guest: string): boolean;
  end(guest: string): void;
  /** Makes a guest that runs. Throws NAME_TAKEN. */
  run(guest: string): contract.GuestProcess;
}

/** Templates in memory: keys, and nothing else. */
export class FakeSnapshots implements contract.MemorySnapshots {
  readonly #guests: Guests;
  readonly #keys = new Set<string>();

  constructor(guests: Guests) {
    this.#guests = guests;
  }

  async save(
    { guest, key, keepRunning }: { guest: string; key: string; keepRunning: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#guests.play('save', guest, signal);
    if (!this.#guests.runs(guest))
      throw new VzvmError('GUEST_EXITED', `${guest} does not run`, {
        facts: { guest },
        hint: `start it first: start('${guest}', signal)`,
      });
    this.#keys.add(key);
    if (!keepRunning) this.#guests.end(guest);
  }

  has(key: string): Promise<boolean> {
    return Promise.resolve(this.#keys.has(key));
  }

  async fork(
    { guest, key }: { guest: string; key: string },
    signal: AbortSignal,
  ): Promise<contract.GuestProcess> {
    await this.#guests.play('fork', guest, signal);
    if (this.#keys.has(key)) return this.#guests.run(guest);
    throw new VzvmError('IMAGE_NOT_FOUND', `there is no template ${key}`, {
      facts: { key },
      hint: `save one first: save({ guest, key: '${key}' }, signal)`,
    });
  }

  remove(key: string): Promise<void> {
    this.#keys.delete(key);
    return Promise.resolve();
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#keys]);
  }
}
