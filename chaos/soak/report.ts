import type { LeaseReport } from './leases.ts';
import type { Measure } from './sample.ts';
import type { Trend } from './trend.ts';

export interface SoakReport {
  readonly cycles: number;
  readonly seconds: number;
  readonly trends: Readonly<Record<Measure, Trend>>;
  /** What was left after the last. */
  readonly left: readonly string[];
  readonly leases: LeaseReport;
}

/** Whether nothing grew, nothing was left, and nobody was left without a reason. */
export function isClean({ trends, left, leases }: SoakReport): boolean {
  const isFlat = Object.values(trends).every((trend) => trend.isFlat);
  return isFlat && left.length === 0 && leases.left.length === 0 && leases.unexplained.length === 0;
}

/** For people. */
export function soakTable({ cycles, seconds, trends, left, leases }: SoakReport): string {
  const rows = Object.entries(trends).map(
    ([name, { early, late, perCycle, isFlat }]) =>
      `| ${name} | ${early} | ${late} | ${perCycle.toFixed(3)} | ${isFlat ? 'flat' : 'GROWS'} |`,
  );
  return [
    `${cycles} VMs, one after the other, in ${Math.round(seconds)} s`,
    '',
    '| measure | early | late | per VM | |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `${leases.cycles} VMs against the table of leases: ${leases.served} got an address, ${leases.explained} were told that there is none and what to do, ${leases.unexplained.length} were not told why`,
    ...[...left, ...leases.left].map((what) => `left: ${what}`),
  ].join('\n');
}
