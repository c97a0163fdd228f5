import { percentile, type Summary, summary } from '../stats.ts';
import type { StartSample } from './starts.ts';

/** Several starts of one kind, in milliseconds. */
export interface RowTimes {
  readonly ready: Summary;
  readonly command: Summary;
  /** Of the first command. */
  readonly p95: number;
}

export const ROWS = ['upstream', 'base', 'prepared', 'pool', 'fork', 'tenForks'] as const;
export const FLOORS = ['banner', 'harness', 'fork'] as const;

/** A kind of start. */
export type Row = (typeof ROWS)[number];
/** Something done by hand that nothing can be faster than. */
export type Floor = (typeof FLOORS)[number];

/** All that was measured. */
export interface StartTimes {
  readonly rows: Readonly<Record<Row, RowTimes>>;
  readonly floors: Readonly<Record<Floor, Summary>>;
  /** Until the last of ten that were started at once was ready. */
  readonly allTen: Summary;
}

/** What is measured, round by round. */
export interface Samples {
  readonly rows: Readonly<Record<Row, StartSample[]>>;
  readonly floors: Readonly<Record<Floor, number[]>>;
  readonly allTen: number[];
}

/** Nothing yet. */
export function noSamples(): Samples {
  const of = <K extends string, V>(keys: readonly K[]) =>
    Object.fromEntries(keys.map((key) => [key, [] as V[]])) as Record<K, V[]>;
  return { rows: of<Row, StartSample>(ROWS), floors: of<Floor, number>(FLOORS), allTen: [] };
}

/** Medians of all. */
export function timesOf({ rows, floors, allTen }: Samples): StartTimes {
  const map = <K extends string, V, W>(record: Readonly<Record<K, V>>, to: (value: V) => W) =>
    Object.fromEntries(Object.entries<V>(record).map(([key, value]) => [key, to(value)])) as Record<K, W>;
  return { rows: map(rows, rowOf), floors: map(floors, summary), allTen: summary(allTen) };
}

function rowOf(samples: readonly StartSample[]): RowTimes {
  const commands = samples.map(({ commandMs }) => commandMs);
  return {
    ready: summary(samples.map(({ readyMs }) => readyMs)),
    command: summary(commands),
    p95: Math.round(percentile(commands, 0.95)),
  };
}
