import type { Accelerator } from '../src/drivers/qemu/args.ts';
import type { BootSample } from './boot.ts';
import type { FloorParts, FloorSample } from './floor.ts';
import { summaries, summary, type Summary } from './stats.ts';

/** The times of one state. */
export interface StateSummary extends Summary {
  readonly state: string;
  /** True when it had nothing to do in any of the boots. */
  readonly skipped: boolean;
}

/** `bootHarness()` beside the same by hand. All times are milliseconds. */
export interface Comparison {
  readonly boot: {
    readonly total: Summary;
    /** From the call to the first state: options, image, keys. */
    readonly before: Summary;
    readonly states: readonly StateSummary[];
  };
  readonly floor: {
    readonly total: Summary;
    readonly parts: Readonly<Record<keyof FloorParts, Summary>>;
    /** An SSH login by hand, which is no part of the total. */
    readonly login: Summary;
  };
  /** What `bootHarness()` takes above the floor, of the medians. */
  readonly overhead: { readonly ms: number; readonly percentOfFloor: number };
}

/** What `cold` reports. */
export interface ColdReport {
  readonly benchmark: 'cold';
  readonly runs: number;
  readonly freshRuns: number;
  readonly host: {
    readonly processors: number;
    readonly memoryMiB: number;
    readonly arch: string;
    readonly qemu: string;
    readonly accelerator: Accelerator;
    readonly node: string;
  };
  readonly guest: { readonly image: string; readonly cpu: number; readonly memoryMiB: number };
  /** The one boot that installed everything and kept the image. */
  readonly preparing: BootSample;
  /** The image has neither Node nor the packages; nothing is kept. */
  readonly fresh: Comparison;
  /** The image has Node, the packages and the harness. */
  readonly prepared: Comparison;
  /** Share of the processors that others had during each measurement, in the order they were made. */
  readonly others: readonly number[];
}

/** What the boots come to, and how far above the floors that is. */
export function compare(boots: readonly BootSample[], floors: readonly FloorSample[]): Comparison {
  const total = summary(boots.map(({ totalMs }) => totalMs));
  const floor = summary(floors.map(({ parts }) => sum(Object.values(parts))));
  const ms = total.median - floor.median;
  return {
    boot: { total, before: summary(boots.map(beforeStates)), states: statesOf(boots) },
    floor: {
      total: floor,
      parts: summaries(floors.map(({ parts }) => ({ ...parts }))),
      login: summary(floors.map(({ loginMs }) => loginMs)),
    },
    overhead: { ms, percentOfFloor: Math.round((1000 * ms) / floor.median) / 10 },
  };
}

function statesOf(boots: readonly BootSample[]): StateSummary[] {
  return (boots[0]?.states ?? []).map(({ state }) => {
    const same = boots.flatMap(({ states }) => states.filter((each) => each.state === state));
    return {
      state,
      skipped: same.every(({ skipped }) => skipped),
      ...summary(same.map(({ ms }) => ms)),
    };
  });
}

function beforeStates({ totalMs, states }: BootSample): number {
  return totalMs - sum(states.map(({ ms }) => ms));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
