import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type FleetReport, summarize } from './fleet/report.ts';
import type { Allocation, Sample } from './fleet/sample.ts';
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
/** A young generation that holds all that a fleet allocates. */
const NEVER_COLLECTS = ['--min-semi-space-size=1024', '--max-semi-space-size=1024'];
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

type Ways = Pick<FleetOptions, 'warmUp' | 'signal' | 'say'>;

/** Boots one fleet in a process of its own. */
export async function measure(kind: Kind, vms: number, ways: Ways): Promise<Sample> {
  const sample = await inProcess<Sample>('sample', kind, vms, ways);
  const { cpuMsPerBoot, heapKiBPerVm } = sample;
  ways.say(
    `  ${vms} VMs, ${kind}: ${cpuMsPerBoot.toFixed(3)} ms of CPU, ${heapKiBPerVm.toFixed(1)} KiB each`,
  );
  return sample;
}

/** Boots one fleet in a process of its own, and counts what that allocates. */
export async function measureAllocation(kind: Kind, vms: number, ways: Ways): Promise<number> {
  const { allocatedKiBPerBoot } = await inProcess<Allocation>('allocation', kind, vms, ways, NEVER_COLLECTS);
  ways.say(`  ${vms} VMs, ${kind}: ${allocatedKiBPerBoot.toFixed(1)} KiB allocated each`);
  return allocatedKiBPerBoot;
}

async function inProcess<Taken>(
  what: 'sample' | 'allocation',
  kind: Kind,
  vms: number,
  { warmUp, signal }: Ways,
  flags: readonly string[] = [],
): Promise<Taken> {
  const folder = await mkdtemp(join(tmpdir(), 'vzvm-bench-'));
  try {
    const trace = join(folder, 'trace.ndjson');
    const args = [CHILD, kind, String(vms), trace, what, ...(warmUp === undefined ? [] : [String(warmUp)])];
    const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, ...flags, ...args], { signal });
    return JSON.parse(stdout) as Taken;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
