import { execFile } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type FleetReport, summarize } from './fleet/report.ts';
import type { Sample } from './fleet/sample.ts';
import type { Kind } from './fleet/vms.ts';

/** What a benchmark is asked for. */
export interface FleetOptions {
  readonly runs: number;
  /** The small and the large fleet. */
  readonly sizes?: readonly [number, number];
  /** Boots of each process before it measures. */
  readonly warmUp?: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const CHILD = fileURLToPath(new URL('./fleet/child.ts', import.meta.url));
// Compiled code stays: several collections in a row would discard it, and what is measured next would pay for it.
const FLAGS = ['--expose-gc', '--no-flush-bytecode', '--conditions=source'];
const MEASURED = ['chart', 'runtime'] as const;

/** Boots fleets of simulated VMs: what the statecharts cost, without any VM. */
export async function benchFleet(options: FleetOptions): Promise<FleetReport> {
  const { runs, sizes = [1000, 10_000] } = options;
  const samples: Record<(typeof MEASURED)[number], [Sample[], Sample[]]> = {
    chart: [[], []],
    runtime: [[], []],
  };
  for (let round = 1; round <= runs; round += 1) {
    options.say(`round ${round} of ${runs}`);
    for (const kind of MEASURED) {
      samples[kind][0].push(await measure(kind, sizes[0], options));
      samples[kind][1].push(await measure(kind, sizes[1], options));
    }
  }
  return {
    benchmark: 'fleet',
    runs,
    sizes,
    host: {
      processors: availableParallelism(),
      model: cpus()[0]?.model ?? 'unknown',
      node: process.versions.node,
    },
    chart: summarize(...samples.chart),
    runtime: summarize(...samples.runtime),
  };
}

/** Boots one fleet in a process of its own. */
export async function measure(
  kind: Kind,
  vms: number,
  { warmUp, signal, say }: Pick<FleetOptions, 'warmUp' | 'signal' | 'say'>,
): Promise<Sample> {
  const args = [CHILD, kind, String(vms), ...(warmUp === undefined ? [] : [String(warmUp)])];
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, ...args], { signal });
  const sample = JSON.parse(stdout) as Sample;
  const { cpuMsPerBoot, heapKiBPerVm } = sample;
  say(`  ${vms} VMs, ${kind}: ${cpuMsPerBoot.toFixed(3)} ms of CPU, ${heapKiBPerVm.toFixed(1)} KiB each`);
  return sample;
}
