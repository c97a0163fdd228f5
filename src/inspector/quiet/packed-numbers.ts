/** Each character has seven bits of a number, and tells by the eighth whether more follow: it takes one byte. */
const BASE = 128;
/** A text that is longer is made by pointing at its parts, each of which takes more than a few characters do. */
const LONGEST_TAIL = 12;

/**
 * Whole numbers from 0 in few bytes each, to be read from the first one on. They are a text, because an array of bytes
 * takes five times as much as what is kept of most VMs.
 */
export class PackedNumbers {
  #head = '';
  #tail = '';

  /** What they take. */
  get size(): number {
    return this.#head.length + this.#tail.length;
  }

  push(number: number): void {
    let rest = number;
    for (; rest >= BASE; rest = Math.floor(rest / BASE)) this.#put((rest % BASE) + BASE);
    this.#put(rest);
  }

  *[Symbol.iterator](): Generator<number> {
    const text = this.#head + this.#tail;
    let number = 0;
    let factor = 1;
    for (let index = 0; index < text.length; index += 1) {
      const byte = text.charCodeAt(index);
      number += (byte % BASE) * factor;
      factor *= BASE;
      if (byte >= BASE) continue;
      yield number;
      number = 0;
      factor = 1;
    }
  }

  #put(byte: number): void {
    this.#tail += String.fromCharCode(byte);
    if (this.#tail.length < LONGEST_TAIL) return;
    this.#head = Buffer.from(this.#head + this.#tail, 'latin1').toString('latin1');
    this.#tail = '';
  }
}
