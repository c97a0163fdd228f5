/** The newest of many, in order; the oldest is handed to whoever wants it when there is no room left. */
export class Ring<T> {
  #items: T[] = [];
  #start = 0;
  readonly #onDrop: (item: T) => void;

  constructor(onDrop: (item: T) => void = () => undefined) {
    this.#onDrop = onDrop;
  }

  get size(): number {
    return this.#items.length - this.#start;
  }

  /** Adds one, and drops what is beyond `limit`. */
  push(item: T, limit: number): void {
    this.#items.push(item);
    while (this.size > Math.max(1, limit)) this.#drop();
  }

  /** Drops all. */
  clear(): void {
    while (this.size > 0) this.#drop();
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#start; index < this.#items.length; index += 1) yield this.#items[index] as T;
  }

  #drop(): void {
    const dropped = this.#items[this.#start] as T;
    (this.#items as (T | undefined)[])[this.#start] = undefined;
    this.#start += 1;
    // Moved down now and then only: each time would make a push as dear as the ring is long.
    if (this.#start > 32 && this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    this.#onDrop(dropped);
  }
}
