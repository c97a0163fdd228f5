import { columns } from '../report.ts';
import { median } from '../stats.ts';
import type { Sample } from './sample.ts';

/** What a VM may cost. More CPU in a large fleet than in a small one, beyond this factor, is not linear. */
export const AIMS = { cpuMsPerBoot: 1, heapKiBPerVm: 10, growth: 1.2 } as const;

/** Both fleets of one kind: medians over the runs. */
export interface FleetFigures {
  readonly small: Sample;
  readonly large: Sample;
  /** CPU of a boot in the large fleet, as a multiple of one in the small fleet. */
  readonly growth: number;
  /** Whether each aim was reached, by the large fleet. */
  readonly reached: Readonly<Record<keyof typeof AIMS, boolean>>;
}

/** What the benchmark comes to. */
export interface FleetReport {
  readonly benchmark: 'fleet';
  readonly runs: number;
  readonly sizes: readonly [number, number];
  readonly host: { readonly processors: number; readonly model: string; readonly node: string };
  readonly chart: FleetFigures;
  readonly runtime: FleetFigures;
}

/** The figures of what was measured. */
export function summarize(smalls: readonly Sample[], larges: readonly Sample[]): FleetFigures {
  const [small, large] = [medians(smalls), medians(larges)];
  const growth = rounded(large.cpuMsPerBoot / small.cpuMsPerBoot);
  return {
    small,
    large,
    growth,
    reached: {
      cpuMsPerBoot: large.cpuMsPerBoot <= AIMS.cpuMsPerBoot,
      heapKiBPerVm: large.heapKiBPerVm <= AIMS.heapKiBPerVm,
      growth: growth <= AIMS.growth,
    },
  };
}

function medians(samples: readonly Sample[]): Sample {
  const of = (key: keyof Sample) => rounded(median(samples.map((sample) => sample[key])));
  return {
    cpuMsPerBoot: of('cpuMsPerBoot'),
    cpuMsPerLateBoot: of('cpuMsPerLateBoot'),
    heapKiBPerVm: of('heapKiBPerVm'),
    cpuMsPerEnd: of('cpuMsPerEnd'),
    heapKiBPerEndedVm: of('heapKiBPerEndedVm'),
    lagP50Ms: of('lagP50Ms'),
    lagP99Ms: of('lagP99Ms'),
    wallMs: of('wallMs'),
  };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

const ROWS: readonly (readonly [label: string, key: keyof Sample, digits: number])[] = [
  ['CPU of a boot, ms', 'cpuMsPerBoot', 3],
  ['CPU of a boot, the last tenth, ms', 'cpuMsPerLateBoot', 3],
  ['heap of a healthy VM, KiB', 'heapKiBPerVm', 2],
  ['CPU of an end, ms', 'cpuMsPerEnd', 3],
  ['heap of an ended VM, KiB', 'heapKiBPerEndedVm', 2],
  ['lag of the event loop, p50, ms', 'lagP50Ms', 2],
  ['lag of the event loop, p99, ms', 'lagP99Ms', 2],
  ['all boots, ms', 'wallMs', 0],
];

/** The report for people. */
export function fleetTable({ runs, sizes, host, chart, runtime }: FleetReport): string {
  const [small, large] = sizes.map((size) => size.toLocaleString('en'));
  return [
    `fleets of simulated VMs, each a root actor of its own; medians of ${runs}`,
    `${host.processors} × ${host.model}, Node ${host.node}`,
    '',
    ...columns([
      ['', `chart, ${small}`, `chart, ${large}`, `runtime, ${small}`, `runtime, ${large}`],
      ...ROWS.map(([label, key, digits]) => [
        label,
        ...[chart.small, chart.large, runtime.small, runtime.large].map((each) => each[key].toFixed(digits)),
      ]),
      ['growth of the CPU of a boot', '', chart.growth.toFixed(2), '', runtime.growth.toFixed(2)],
    ]),
    '',
    verdict('chart', chart),
    verdict('runtime', runtime),
  ].join('\n');
}

function verdict(kind: string, { large, growth, reached }: FleetFigures): string {
  const got = { cpuMsPerBoot: large.cpuMsPerBoot, heapKiBPerVm: large.heapKiBPerVm, growth };
  const missed = (Object.keys(AIMS) as (keyof typeof AIMS)[]).filter((aim) => !reached[aim]);
  const how = missed.map((aim) => `${aim} ${got[aim]} instead of at most ${AIMS[aim]}`);
  return `${kind}: ${missed.length === 0 ? 'reaches every aim' : `misses ${how.join(', ')}`}`;
}
