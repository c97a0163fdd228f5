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
  readonly #releasing = new AbortController();
  #released: Promise<string[]> | undefined;
  #isOver = false;

  get signal(): AbortSignal {
    return this.#releasing.signal;
  }

  add(name: string, release: () => unknown): void {
    if (this.#isOver)
      void released({ name, release }); // There is nobody left to tell of its problems.
    else this.#resources.push({ name, release });
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
    this.#releasing.abort();
    const problems: string[] = [];
    do {
      // What ends may have begun something else.
      while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
      const next = this.#resources.pop();
      const problem = next && (await released(next));
      if (problem !== undefined) problems.push(problem);
    } while (this.#resources.length > 0 || this.#inFlight.size > 0);
    this.#isOver = true;
    return problems;
  }
}

/** Releases one resource; answers the problem with it. */
async function released({ name, release }: Resource): Promise<string | undefined> {
  try {
    await release();
    return undefined;
  } catch (error) {
    return `${name}: ${messageOf(error)}`;
  }
}
