import type { VmSession } from '../actors/index.ts';
import { newCheckpointKey } from '../drivers/checkpoint-key.ts';
import type { MemorySnapshots } from '../drivers/driver.ts';

/** What a copy has of the VM that it is a copy of, until it is renewed. Secret. */
export interface Original extends Pick<
  VmSession,
  'driver' | 'image' | 'plan' | 'payload' | 'token' | 'keys'
> {
  readonly hostKey: string | undefined;
  readonly keyInstalled: boolean | undefined;
}

/**
 * A running VM as the driver has saved it. It is removed when it is not wanted any more and no user is left: copies rest
 * on its disks, and could not be saved in their turn without them. It costs nothing: copies hold its files open anyway.
 */
export class SavedVm {
  readonly key = newCheckpointKey();
  readonly createdAt = Date.now();
  readonly original: Original;
  /** Resolves when it is removed. */
  readonly gone: Promise<void>;
  readonly #snapshots: MemorySnapshots;
  readonly #users = new Set<Promise<unknown>>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #onProblem: (error: unknown) => void;
  #removal: Promise<void> | undefined;
  #isWanted = true;

  constructor(original: Original, snapshots: MemorySnapshots, onProblem: (error: unknown) => void) {
    this.original = original;
    this.#snapshots = snapshots;
    this.#onProblem = onProblem;
    this.gone = this.#gone.promise;
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Keeps it for as long. */
  use(until: Promise<unknown>): void {
    this.#users.add(until);
    const over = () => {
      this.#users.delete(until);
      if (!this.#isWanted) this.#removeUnlessUsed()?.catch(this.#onProblem);
    };
    until.then(over, over);
  }

  /** Forks it no more. Resolves when it is removed, or kept for its users alone; the last one's end removes it. */
  async unwant(): Promise<void> {
    this.#isWanted = false;
    await this.#removeUnlessUsed();
  }

  /** The removal that is under way, or was done. Its failure is told to whoever began it. */
  get removal(): Promise<void> | undefined {
    return this.#removal;
  }

  #removeUnlessUsed(): Promise<void> | undefined {
    if (this.#users.size > 0) return undefined;
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    try {
      await this.#snapshots.remove(this.key);
      this.#gone.resolve();
    } catch (error) {
      this.#removal = undefined; // Whoever asks again tries again.
      throw error;
    }
  }
}
