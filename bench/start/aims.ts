import type { StartTimes } from './times.ts';

/** Something that is aimed at, and what was measured. Ratios of medians. */
export interface Aim {
  readonly what: string;
  readonly aim: string;
  readonly measured: number;
  readonly isMet: boolean;
}

/** What the medians come to. Pure. */
export function aimsOf({ rows, floors }: StartTimes): readonly Aim[] {
  const { prepared, pool, fork, upstream } = rows;
  const cold = floors.banner.median + floors.harness.median;
  const best = Math.min(fork.command.median, pool.command.median);
  return [
    atMost('prepared image ÷ (SSH banner + harness, by hand)', prepared.ready.median / cold, 1.1),
    atMost('fork ÷ fork by hand', fork.ready.median / floors.fork.median, 2),
    atMost('claim from the pool, ms', pool.ready.median, 50),
    atMost(
      'claim from the pool ÷ boot from the prepared image',
      pool.ready.median / prepared.ready.median,
      0.01,
    ),
    atLeast(
      'upstream’s sequence ÷ the faster of fork and pool, to the first command',
      upstream.command.median / best,
      60,
    ),
  ];
}

function atMost(what: string, value: number, most: number): Aim {
  const measured = rounded(value);
  return { what, aim: `≤ ${most}`, measured, isMet: value <= most };
}

function atLeast(what: string, value: number, least: number): Aim {
  const measured = rounded(value);
  return { what, aim: `≥ ${least}`, measured, isMet: value >= least };
}

/** Three digits: no ratio here is known better. */
const rounded = (value: number): number => Number(value.toPrecision(3));
