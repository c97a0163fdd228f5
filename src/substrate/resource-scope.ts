import type { Scope } from '../actors/index.ts';
import { messageOf } from '../errors.ts';

interface Resource {
  readonly name: string;
  readonly release: () => unknown;
}

/** Owns one VM's resources outside its machine: released once, in reverse order, after work in flight has ended. */
export class ResourceScope implements Scope {
  readonly #resources: Resource[] = [];
  readonly #inFlight = new Set<Promise<unknown>>();
  #released: Promise<string[]> | undefined;

  add(name: string, release: () => unknown): void {
    this.#resources.push({ name, release });
  }

  track<T>(operation: Promise<T>): Promise<T> {
    this.#inFlight.add(operation);
    const done = () => void this.#inFlight.delete(operation);
    operation.then(done, done);
    return operation;
  }

  release(): Promise<string[]> {
    this.#released ??= this.#releaseAll();
    return this.#released;
  }

  async #releaseAll(): Promise<string[]> {
    const problems: string[] = [];
    await Promise.allSettled(this.#inFlight);
    for (let next = this.#resources.pop(); next; next = this.#resources.pop()) {
      try {
        await next.release();
      } catch (error) {
        problems.push(`${next.name}: ${messageOf(error)}`);
      }
    }
    return problems;
  }
}
