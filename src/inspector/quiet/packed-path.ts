import type { AnyEventObject } from 'xstate';
import { PackedNumbers } from './packed-numbers.ts';

/** One thing that a packed path tells of: a step by its number, or that something else happened there. */
export interface Passed {
  /** Milliseconds since the machine began. */
  readonly ms: number;
  /** Undefined for what is kept elsewhere. */
  readonly step: number | undefined;
  /** The event, where it tells more than its name. */
  readonly event: AnyEventObject | undefined;
}

/** Stands for what is kept elsewhere. */
const ELSEWHERE = 0;
/** More of them do not tell more: a machine that fails so often fails alike. */
const MOST_EVENTS = 16;

/** The steps of one machine, in two or three bytes each: which one, and how long after the last. */
export class PackedPath {
  #numbers = new PackedNumbers();
  #fromMs: number;
  #lastMs: number;
  #count = 0;
  #events: Map<number, AnyEventObject> | undefined;

  constructor(ms: number) {
    this.#fromMs = this.#lastMs = ms;
  }

  /** How many things it tells of. */
  get count(): number {
    return this.#count;
  }

  /** What it takes, in bytes. */
  get size(): number {
    return this.#numbers.size;
  }

  step(ms: number, step: number, event?: AnyEventObject): void {
    if (event) {
      this.#events ??= new Map();
      this.#events.set(this.#count, event);
      if (this.#events.size > MOST_EVENTS) this.#events.delete(Math.min(...this.#events.keys()));
    }
    this.#push(ms, step + 1);
  }

  /** Something else happens, which has its place among the steps. */
  elsewhere(ms: number): void {
    this.#push(ms, ELSEWHERE);
  }

  /** Without the first half of what it tells of, which is handed over. */
  halve(): readonly Passed[] {
    const all = [...this];
    const gone = all.splice(0, Math.ceil(all.length / 2));
    this.#numbers = new PackedNumbers();
    this.#fromMs = this.#lastMs = gone.at(-1)?.ms ?? this.#fromMs;
    this.#count = 0;
    this.#events = undefined;
    for (const { ms, step, event } of all)
      if (step === undefined) this.elsewhere(ms);
      else this.step(ms, step, event);
    return gone;
  }

  *[Symbol.iterator](): Generator<Passed> {
    let ms = this.#fromMs;
    let number: number | undefined;
    let index = 0;
    for (const each of this.#numbers) {
      if (number === undefined) {
        number = each;
        continue;
      }
      ms += each;
      const step = number === ELSEWHERE ? undefined : number - 1;
      yield { ms, step, event: this.#events?.get(index) };
      number = undefined;
      index += 1;
    }
  }

  #push(ms: number, number: number): void {
    // A clock that is set back is waited for: no later thing is told before an earlier one.
    const passed = Math.max(0, Math.round(ms - this.#lastMs));
    this.#lastMs += passed;
    this.#count += 1;
    this.#numbers.push(number);
    this.#numbers.push(passed);
  }
}
