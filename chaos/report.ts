import { type CellResult } from './run-cell.ts';
import { STATES, VICTIMS } from './cells.ts';

/** What all runs together have shown. */
export interface ChaosReport {
  readonly driver: string;
  readonly runs: number;
  readonly leaked: number;
  readonly byFault: Readonly<Record<string, { readonly runs: number; readonly leaked: number }>>;
  readonly byState: Readonly<Record<string, { readonly runs: number; readonly leaked: number }>>;
  /** From the end of the owner until nothing was left. */
  /** How its owner saw each fault end: an error's code, its own end, or the end of all it had to do. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly secondsToClean: { readonly p50: number; readonly p95: number; readonly max: number };
  /** Runs whose state was never met, or whose victim was gone before the blow. */
  readonly missed: readonly string[];
  readonly leaks: readonly CellResult[];
  /** Cells that cannot exist, with the reasons. */
  readonly notApplicable: Readonly<Record<string, string>>;
}

export function reportOf(
  driver: string,
  results: readonly CellResult[],
  notApplicable: Readonly<Record<string, string>>,
): ChaosReport {
  const seconds = results.map(({ secondsToClean }) => secondsToClean).toSorted((one, other) => one - other);
  const at = (part: number) => seconds[Math.min(seconds.length - 1, Math.floor(part * seconds.length))] ?? 0;
  const isLeak = ({ left }: CellResult) => left.length > 0;
  const count = (names: readonly string[], of: (result: CellResult) => string) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const runs = results.filter((result) => of(result) === name);
        return runs.length === 0 ? [] : [[name, { runs: runs.length, leaked: runs.filter(isLeak).length }]];
      }),
    );
  return {
    driver,
    runs: results.length,
    leaked: results.filter(isLeak).length,
    byFault: count(VICTIMS, ({ victim }) => victim),
    byState: count(STATES, ({ state }) => state),
    outcomes: outcomesOf(results),
    secondsToClean: { p50: at(0.5), p95: at(0.95), max: at(1) },
    missed: results
      .filter(({ struck }) => struck === undefined || struck === 'gone before')
      .map(({ state, victim, outcome }) => `${state}:${victim} (${outcome})`),
    leaks: results.filter(isLeak),
    notApplicable,
  };
}

function outcomesOf(results: readonly CellResult[]): ChaosReport['outcomes'] {
  const byVictim = Map.groupBy(results, ({ victim }) => victim);
  return Object.fromEntries(
    [...byVictim].map(([victim, runs]) => {
      const counts = Map.groupBy(runs, ({ outcome }) => outcome);
      return [victim, Object.fromEntries([...counts].map(([outcome, { length }]) => [outcome, length]))];
    }),
  );
}

/** For people. */
export function chaosTable(report: ChaosReport): string {
  const { byFault, byState, secondsToClean, leaks, missed } = report;
  const rows = (all: ChaosReport['byFault']) =>
    Object.entries(all).map(([name, { runs, leaked }]) => `| ${name} | ${runs} | ${leaked} |`);
  const { p50, p95, max } = secondsToClean;
  return [
    `${report.runs} runs with ${report.driver}: ${report.leaked} leaked; clean after ${p50.toFixed(2)} s (median), ${p95.toFixed(2)} s (95 %), ${max.toFixed(2)} s (longest)`,
    '',
    '| fault | runs | leaked |',
    '| --- | --- | --- |',
    ...rows(byFault),
    '',
    '| state | runs | leaked |',
    '| --- | --- | --- |',
    ...rows(byState),
    ...(missed.length === 0 ? [] : ['', `not struck: ${missed.join(', ')}`]),
    ...leaks.map(
      ({ state, victim, run, left }) => `\nleft by ${state}:${victim} (run ${run}):\n  ${left.join('\n  ')}`,
    ),
  ].join('\n');
}
