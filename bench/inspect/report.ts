import type { Sample } from '../fleet/sample.ts';
import { columns } from '../report.ts';
import { median } from '../stats.ts';

/** What is compared: without the inspector, with it and nobody looking, with somebody looking at all of it. */
export const KINDS_INSPECTED = ['runtime', 'inspected', 'viewed'] as const;
type Inspected = (typeof KINDS_INSPECTED)[number];

/** What the inspector may add to a boot while nobody looks, as a share of it. */
export const MOST_ADDED = 0.1;

/** What a VM costs. */
export interface InspectFigures {
  readonly cpuMsPerBoot: number;
  readonly heapKiBPerVm: number;
}

/** What the benchmark comes to. */
export interface InspectReport {
  readonly benchmark: 'inspect';
  readonly runs: number;
  readonly vms: number;
  readonly host: { readonly processors: number; readonly model: string; readonly node: string };
  readonly figures: Readonly<Record<Inspected, InspectFigures>>;
  /** CPU that the inspector adds to a boot while nobody looks, as a share of the boot; heap in KiB. */
  readonly added: { readonly cpuShare: number; readonly heapKiB: number };
  readonly reached: boolean;
}

/** The figures of what was measured: medians over the runs. */
export function summarizeInspection(
  about: Pick<InspectReport, 'runs' | 'vms' | 'host'>,
  samples: Readonly<Record<Inspected, readonly Sample[]>>,
): InspectReport {
  const of = (kind: Inspected): InspectFigures => ({
    cpuMsPerBoot: rounded(median(samples[kind].map((sample) => sample.cpuMsPerBoot))),
    heapKiBPerVm: rounded(median(samples[kind].map((sample) => sample.heapKiBPerVm))),
  });
  const figures = { runtime: of('runtime'), inspected: of('inspected'), viewed: of('viewed') };
  const { runtime, inspected } = figures;
  const cpuShare = rounded(inspected.cpuMsPerBoot / runtime.cpuMsPerBoot - 1);
  const added = { cpuShare, heapKiB: rounded(inspected.heapKiBPerVm - runtime.heapKiBPerVm) };
  return { benchmark: 'inspect', ...about, figures, added, reached: cpuShare <= MOST_ADDED };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** The report for people. */
export function inspectTable({ runs, vms, host, figures, added, reached }: InspectReport): string {
  const of = (key: keyof InspectFigures, digits: number) =>
    KINDS_INSPECTED.map((kind) => figures[kind][key].toFixed(digits));
  const share = `${(added.cpuShare * 100).toFixed(1)} %`;
  return [
    `${vms.toLocaleString('en')} simulated VMs with and without the inspector; medians of ${runs}`,
    `${host.processors} × ${host.model}, Node ${host.node}`,
    '',
    ...columns([
      ['', 'without', 'nobody looks', 'somebody looks'],
      ['CPU of a boot, ms', ...of('cpuMsPerBoot', 3)],
      ['heap of a healthy VM, KiB', ...of('heapKiBPerVm', 2)],
    ]),
    '',
    `while nobody looks it adds ${share} to a boot, and ${added.heapKiB} KiB: ${
      reached ? 'reaches the aim' : 'misses the aim'
    } of at most ${MOST_ADDED * 100} % of the CPU`,
  ].join('\n');
}
