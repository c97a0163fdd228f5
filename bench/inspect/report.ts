import type { Allocation, Sample } from '../fleet/sample.ts';
import { columns } from '../report.ts';
import { median } from '../stats.ts';

/**
 * What is compared: without the inspector, with it and nobody looking, with somebody looking at all of it, with a trace and
 * no inspector.
 */
export const KINDS_INSPECTED = ['runtime', 'inspected', 'viewed', 'traced'] as const;
/** One of {@link KINDS_INSPECTED}. */
export type Inspected = (typeof KINDS_INSPECTED)[number];

/** What the inspector may add to a boot while nobody looks, as a share of it. */
export const MOST_ADDED = 0.1;

/** What a VM costs. */
export interface InspectFigures {
  readonly cpuMsPerBoot: number;
  /** What it allocates while it boots, kept or not. */
  readonly allocatedKiBPerBoot: number;
  /** What is kept of it once it is healthy. */
  readonly keptKiBPerVm: number;
}

/** What one measurement has. */
export type Measured = Pick<Sample, 'cpuMsPerBoot' | 'heapKiBPerVm'> & Allocation;

/** What the benchmark comes to. */
export interface InspectReport {
  readonly benchmark: 'inspect';
  readonly runs: number;
  readonly vms: number;
  readonly host: { readonly processors: number; readonly model: string; readonly node: string };
  readonly figures: Readonly<Record<Inspected, InspectFigures>>;
  /** What each adds to a VM without any, as shares of what that takes. */
  readonly added: Readonly<Record<Exclude<Inspected, 'runtime'>, InspectFigures>>;
  /** Whether the inspector adds little enough while nobody looks. */
  readonly reached: Readonly<Record<keyof InspectFigures, boolean>>;
}

/** The figures of what was measured: medians over the runs. */
export function summarizeInspection(
  about: Pick<InspectReport, 'runs' | 'vms' | 'host'>,
  measured: Readonly<Record<Inspected, readonly Measured[]>>,
): InspectReport {
  const of = (kind: Inspected): InspectFigures => ({
    cpuMsPerBoot: rounded(median(measured[kind].map(({ cpuMsPerBoot }) => cpuMsPerBoot))),
    allocatedKiBPerBoot: rounded(
      median(measured[kind].map(({ allocatedKiBPerBoot }) => allocatedKiBPerBoot)),
    ),
    keptKiBPerVm: rounded(median(measured[kind].map(({ heapKiBPerVm }) => heapKiBPerVm))),
  });
  const runtime = of('runtime');
  const figures = { runtime, inspected: of('inspected'), viewed: of('viewed'), traced: of('traced') };
  const added = {
    inspected: mapped((key) => share(figures.inspected[key], runtime[key])),
    viewed: mapped((key) => share(figures.viewed[key], runtime[key])),
    traced: mapped((key) => share(figures.traced[key], runtime[key])),
  };
  const reached = mapped((key) => added.inspected[key] <= MOST_ADDED);
  return { benchmark: 'inspect', ...about, figures, added, reached };
}

const mapped = <T>(of: (key: keyof InspectFigures) => T): Record<keyof InspectFigures, T> => ({
  cpuMsPerBoot: of('cpuMsPerBoot'),
  allocatedKiBPerBoot: of('allocatedKiBPerBoot'),
  keptKiBPerVm: of('keptKiBPerVm'),
});
const share = (withIt: number, without: number): number => rounded(withIt / without - 1);
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

const ROWS: readonly (readonly [label: string, key: keyof InspectFigures, digits: number])[] = [
  ['CPU of a boot, ms', 'cpuMsPerBoot', 3],
  ['allocated by a boot, KiB', 'allocatedKiBPerBoot', 1],
  ['kept of a healthy VM, KiB', 'keptKiBPerVm', 2],
];

/** The report for people. */
export function inspectTable({ runs, vms, host, figures, added, reached }: InspectReport): string {
  const row = ([label, key, digits]: (typeof ROWS)[number]) => [
    label,
    figures.runtime[key].toFixed(digits),
    ...(['inspected', 'viewed', 'traced'] as const).map(
      (kind) => `${figures[kind][key].toFixed(digits)} (${percent(added[kind][key])})`,
    ),
  ];
  const missed = ROWS.filter(([, key]) => !reached[key]).map(
    ([label, key]) => `${label.split(',')[0]} ${percent(added.inspected[key])}`,
  );
  return [
    `${vms.toLocaleString('en')} simulated VMs with and without the inspector, and with a trace; medians of ${runs}`,
    `${host.processors} × ${host.model}, Node ${host.node}`,
    '',
    ...columns([['', 'without', 'nobody looks', 'somebody looks', 'trace'], ...ROWS.map(row)]),
    '',
    `while nobody looks it may add ${MOST_ADDED * 100} %: ${
      missed.length === 0 ? 'reached by all three' : `missed by ${missed.join(', ')}`
    }`,
  ].join('\n');
}

const percent = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value * 100).toFixed(1)} %`;
