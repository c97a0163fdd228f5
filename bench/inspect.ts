import { availableParallelism, cpus } from 'node:os';
import { measure, measureAllocation } from './fleet.ts';
import {
  type Inspected,
  type InspectReport,
  KINDS_INSPECTED,
  type Measured,
  summarizeInspection,
} from './inspect/report.ts';

/** What a benchmark is asked for. */
export interface InspectOptions {
  readonly runs: number;
  readonly vms?: number;
  /** Boots of each process before it measures. */
  readonly warmUp?: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Boots fleets of simulated VMs without and with the inspector: what it adds while nobody looks, while somebody does, and
 * what a trace adds.
 */
export async function benchInspect(options: InspectOptions): Promise<InspectReport> {
  const { runs, vms = 1_000 } = options;
  const measured: Record<Inspected, Measured[]> = { runtime: [], inspected: [], viewed: [], traced: [] };
  for (let round = 1; round <= runs; round += 1) {
    options.say(`round ${round} of ${runs}`);
    // One after the other in each round: what else the machine does then falls on all of them.
    for (const kind of KINDS_INSPECTED) {
      const sample = await measure(kind, vms, options);
      const allocatedKiBPerBoot = await measureAllocation(kind, vms, options);
      measured[kind].push({ ...sample, allocatedKiBPerBoot });
    }
  }
  const host = {
    processors: availableParallelism(),
    model: cpus()[0]?.model ?? 'unknown',
    node: process.versions.node,
  };
  return summarizeInspection({ runs, vms, host }, measured);
}
