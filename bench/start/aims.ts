/** What was aimed at, and what came of it. */
export interface Aim {
  readonly aim: string;
  /** Undefined where it was not measured. */
  readonly value: number | undefined;
  readonly unit: 'times' | 'percent' | 'ms';
  readonly limit: number;
  readonly verdict: 'met' | 'not met' | 'not measured';
}

/** Medians by row and figure, in milliseconds. */
export type Medians = (row: string, figure: string) => number | undefined;

/** The ratios that are aimed at, of medians. */
export function aimsOf(median: Medians): Aim[] {
  const over = (above: number | undefined, below: number | undefined) =>
    above === undefined || !below ? undefined : above / below;
  const cold = median('cold', 'healthy');
  const claim = median('pool', 'healthy');
  const upstream = median('upstream', 'command');
  const claimShare = over(claim, cold);
  const gains = ['fork', 'pool'].map((row) => over(upstream, median(row, 'command')));
  return [
    atMost('cold boot, prepared image / by hand', over(cold, median('floor', 'healthy')), 1.1, 'times'),
    atMost(
      'fork to healthy / fork by hand',
      over(median('fork', 'healthy'), median('raw-fork', 'healthy')),
      2,
      'times',
    ),
    atMost('claim from the pool', claim, 50, 'ms'),
    atMost(
      'claim from the pool / cold boot',
      claimShare === undefined ? undefined : 100 * claimShare,
      1,
      'percent',
    ),
    atLeast("upstream's sequence / fork or pool, first command", largest(gains), 60, 'times'),
  ];
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

type Judge = (aim: string, value: number | undefined, limit: number, unit: Aim['unit']) => Aim;

const judged =
  (word: string, isMet: (value: number, limit: number) => boolean): Judge =>
  (aim, value, limit, unit) => {
    const verdict = value === undefined ? 'not measured' : isMet(value, limit) ? 'met' : 'not met';
    return { aim: `${aim}: ${word} ${limit}`, value, limit, unit, verdict };
  };

const atMost = judged('at most', (value, limit) => value <= limit);
const atLeast = judged('at least', (value, limit) => value >= limit);
