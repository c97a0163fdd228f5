import type { Measure, Sample } from './sample.ts';

/** How one measure went. */
export interface Trend {
  /** The median of the first third of the samples. */
  readonly early: number;
  /** The median of the last third. */
  readonly late: number;
  /** Of a line through all samples, in its unit per VM. */
  readonly perCycle: number;
  readonly isFlat: boolean;
}

/** The first cycles load what every later one uses. */
export const WARM_UP = 10;
/** Fewer samples tell nothing of memory, which is not given back at once. */
const ENOUGH_FOR_MEMORY = 100;
/** KiB per VM at which a line through so many samples may lean where nothing is kept. */
const MEMORY: Partial<Readonly<Record<Measure, number>>> = { heapKiB: 4, residentKiB: 100, othersKiB: 100 };
/** KiB that a file may be longer for the width of a number in it. */
const DISK_SLACK_KIB = 16;

/** How each measure went, over the cycles after the first. */
export function trendsOf(samples: readonly Sample[]): Readonly<Record<Measure, Trend>> {
  const measures = Object.keys(samples[0] ?? {}) as Measure[];
  const entries = measures.map((measure) => [measure, trendOf(measure, samples)] as const);
  return Object.fromEntries(entries) as Record<Measure, Trend>;
}

function trendOf(measure: Measure, samples: readonly Sample[]): Trend {
  const values = samples.map((sample) => sample[measure]);
  const third = Math.ceil(values.length / 3);
  const [early, late] = [medianOf(values.slice(0, third)), medianOf(values.slice(-third))];
  const perCycle = slopeOf(values);
  const most = MEMORY[measure];
  const slack = measure === 'diskKiB' ? DISK_SLACK_KIB : 0;
  const isFlat =
    most === undefined ? late <= early + slack : values.length < ENOUGH_FOR_MEMORY || perCycle <= most;
  return { early, late, perCycle, isFlat };
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) / 2)] ?? 0;
}

/** Of the line of least squares. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const steps = values.map((value, index) => [index - middle, value - mean] as const);
  const spread = steps.reduce((sum, [x]) => sum + x * x, 0);
  return spread === 0 ? 0 : steps.reduce((sum, [x, y]) => sum + x * y, 0) / spread;
}
