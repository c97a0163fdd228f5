import { untilAtRest, watchOthers } from './machine-load.ts';

/** How measurements are taken. */
export interface MeterOptions {
  /** How long a measurement may wait for the machine to be at rest. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Takes measurements one after the other, and sees how much of the machine was theirs. */
export class Meter {
  readonly #options: MeterOptions;
  /** Share of the processors that others had, of each measurement. */
  readonly others: number[] = [];

  constructor(options: MeterOptions) {
    this.#options = options;
  }

  async take<T>(what: string, measure: () => Promise<T>): Promise<T> {
    const { waitMs, signal, say } = this.#options;
    await untilAtRest(waitMs, signal);
    const started = performance.now();
    const shareOfOthers = await watchOthers();
    const sample = await measure();
    const share = await shareOfOthers();
    this.others.push(Math.round(100 * share) / 100);
    const took = ((performance.now() - started) / 1000).toFixed(1);
    say(`  ${what}: measured within ${took} s; others had ${Math.round(100 * share)} % of the processors`);
    return sample;
  }
}
