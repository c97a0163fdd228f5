/** What several measurements of one thing come to, in milliseconds. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Each measurement, in the order it was made. */
  readonly all: readonly number[];
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [below, above] = [sorted[middle - (sorted.length % 2 === 0 ? 1 : 0)], sorted[middle]];
  return ((below ?? NaN) + (above ?? NaN)) / 2;
}

/** The value that at least 95 of 100 do not exceed; of fewer than twenty values the largest. */
export function p95(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.ceil(sorted.length * 0.95) - 1];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

/** Whole milliseconds: nothing here is measured more finely. */
export function summary(values: readonly number[]): Summary {
  const all = values.map(Math.round);
  return { median: Math.round(median(values)), min: Math.min(...all), max: Math.max(...all), all };
}

/** The summary of each key that the measurements have, in the order of the first. */
export function summaries<K extends string>(
  measured: readonly Readonly<Record<K, number>>[],
): Record<K, Summary> {
  const keys = Object.keys(measured[0] ?? {}) as K[];
  return Object.fromEntries(keys.map((key) => [key, summary(measured.map((each) => each[key]))])) as Record<
    K,
    Summary
  >;
}
