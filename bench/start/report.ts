import { columns } from '../report.ts';
import { median, p95 } from '../stats.ts';
import { type Aim, aimsOf } from './aims.ts';
import { ROWS } from './rows.ts';
import type { Sample } from './subject.ts';

/** One figure of one row, in milliseconds. */
export interface Line {
  readonly row: string;
  readonly label: string;
  readonly figure: string;
  readonly median: number;
  readonly p95: number;
  readonly all: readonly number[];
}

/** What `start` reports. */
export interface StartReport {
  readonly benchmark: 'start';
  readonly date: string;
  readonly runs: number;
  readonly freshRuns: number;
  readonly firstCommand: string;
  readonly about: Readonly<Record<string, string | number>>;
  readonly lines: readonly Line[];
  readonly aims: readonly Aim[];
  /** Rows that this host cannot do. */
  readonly left: readonly string[];
  /** Share of the processors that others had during each measurement, in the order they were made. */
  readonly others: readonly number[];
}

/** The figures of all samples, by row. */
export function linesOf(samples: ReadonlyMap<string, readonly Sample[]>): Line[] {
  return ROWS.flatMap(({ key, label }) => {
    const taken = samples.get(key) ?? [];
    return Object.keys(taken[0] ?? {}).map((figure) => {
      const all = taken.flatMap((sample) => sample[figure] ?? []).map(rounded);
      return { row: key, label, figure, median: rounded(median(all)), p95: p95(all), all };
    });
  });
}

/** The aims, by what the lines say. */
export function verdicts(lines: readonly Line[]): Aim[] {
  return aimsOf((row, figure) => lines.find((line) => line.row === row && line.figure === figure)?.median);
}

/** The report for people. */
export function startTable({
  date,
  runs,
  freshRuns,
  firstCommand,
  about,
  lines,
  aims,
  left,
  others,
}: StartReport) {
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return [
    `how soon a VM answers, on ${date}: ${Object.entries(about)
      .map(([what, value]) => `${what} ${value}`)
      .join(', ')}`,
    `${runs} rounds (${freshRuns} with the base image); milliseconds from the call`,
    `first command: ${firstCommand}`,
    `others had ${percent(Math.min(...others))} to ${percent(Math.max(...others))} of the processors beside the measurements`,
    '',
    ...columns([
      ['', 'median', 'p95', 'n'],
      ...lines.map((line) => [
        `${line.label}: ${line.figure}`,
        line.median.toFixed(1),
        line.p95.toFixed(1),
        String(line.all.length),
      ]),
    ]),
    ...left.map((label) => `not on this host: ${label}`),
    '',
    ...columns([['aim', 'is', ''], ...aims.map((aim) => [aim.aim, valueOf(aim), aim.verdict])]),
  ].join('\n');
}

function valueOf({ value, unit }: Aim): string {
  if (value === undefined) return '–';
  return `${value.toFixed(2)}${{ times: ' ×', percent: ' %', ms: ' ms' }[unit]}`;
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
