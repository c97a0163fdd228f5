import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { type FleetVm, type Kind, startVm, told } from './vms.ts';

/** What one fleet was measured at. */
export interface Sample {
  readonly cpuMsPerBoot: number;
  /** Of the last tenth: what one more VM costs where there are many. */
  readonly cpuMsPerLateBoot: number;
  readonly heapKiBPerVm: number;
  readonly cpuMsPerEnd: number;
  /** What an ended VM leaves on the heap. */
  readonly heapKiBPerEndedVm: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly wallMs: number;
}

/** VMs that are begun in one turn of the event loop: a busy host, not a stampede. */
const PER_TURN = 10;
/** Boots that are not measured: the first ones run code that is not compiled yet. */
const WARM_UP = 4000;
const LAG_RESOLUTION_MS = 1;
/** Boots between two collections, where what they allocate is counted. */
const AT_ONCE = 100;
/** Collections are told of a little later. */
const OBSERVED_WITHIN_MS = 50;

/** Boots a fleet and ends it. The process must have been started with --expose-gc and do nothing else. */
export async function takeSample(kind: Kind, vms: number, warmUp = WARM_UP): Promise<Sample> {
  await endAll(await bootAll(kind, warmUp));
  const heapBefore = await heapUsed();
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  const [cpuBefore, began] = [process.cpuUsage(), performance.now()];
  lag.enable();
  const early = Math.floor(0.9 * vms);
  let fleet = await bootAll(kind, early);
  const cpuBeforeLate = process.cpuUsage();
  fleet = fleet.concat(await bootAll(kind, vms - early));
  const cpuOfLate = cpuMs(cpuBeforeLate);
  const [cpu, wallMs] = [cpuMs(cpuBefore), performance.now() - began];
  lag.disable();
  const heapHealthy = await heapUsed();
  const cpuBeforeEnd = process.cpuUsage();
  await endAll(fleet);
  const cpuOfEnds = cpuMs(cpuBeforeEnd);
  fleet = [];
  const heapEnded = await heapUsed();
  return {
    cpuMsPerBoot: cpu / vms,
    cpuMsPerLateBoot: cpuOfLate / (vms - early),
    heapKiBPerVm: (heapHealthy - heapBefore) / 1024 / vms,
    cpuMsPerEnd: cpuOfEnds / vms,
    heapKiBPerEndedVm: (heapEnded - heapBefore) / 1024 / vms,
    lagP50Ms: beyondResolution(lag.percentile(50)),
    lagP99Ms: beyondResolution(lag.percentile(99)),
    wallMs,
  };
}

/** What a fleet allocated, kept or not. */
export interface Allocation {
  readonly allocatedKiBPerBoot: number;
}

/**
 * What a boot allocates. The process must have been started with a young generation that holds some boots at once, so that
 * nothing is collected meanwhile.
 */
export async function takeAllocation(kind: Kind, vms: number, warmUp = WARM_UP / 4): Promise<Allocation> {
  await endAll(await bootAll(kind, warmUp));
  let allocated = 0;
  for (let booted = 0; booted < vms; booted += AT_ONCE)
    allocated += await allocatedBy(kind, Math.min(AT_ONCE, vms - booted));
  return { allocatedKiBPerBoot: allocated / 1024 / vms };
}

async function allocatedBy(kind: Kind, vms: number): Promise<number> {
  const before = await heapUsed();
  let collections = 0;
  const observer = new PerformanceObserver((list) => void (collections += list.getEntries().length));
  observer.observe({ entryTypes: ['gc'] });
  const fleet = await bootAll(kind, vms);
  const { heapUsed: after } = process.memoryUsage();
  await sleep(OBSERVED_WITHIN_MS);
  observer.disconnect();
  if (collections > 0) throw new Error('something was collected while it was to be counted');
  await endAll(fleet);
  return after - before;
}

async function bootAll(kind: Kind, vms: number): Promise<FleetVm[]> {
  const fleet: FleetVm[] = [];
  for (let number = 0; number < vms; number += 1) {
    fleet.push(startVm(kind, number));
    if (number % PER_TURN === PER_TURN - 1) await turn();
  }
  while (!fleet.every((vm) => vm.isHealthy())) await turn();
  await told();
  return fleet;
}

async function endAll(fleet: readonly FleetVm[]): Promise<void> {
  for (let first = 0; first < fleet.length; first += PER_TURN) {
    await Promise.all(fleet.slice(first, first + PER_TURN).map((vm) => vm.end()));
    await turn();
  }
  await told();
}

async function heapUsed(): Promise<number> {
  if (!globalThis.gc) throw new Error('the heap can only be measured with --expose-gc');
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc();
    await turn();
  }
  // What arrays of bytes hold lies beside the heap.
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function cpuMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** An idle loop is woken after the resolution: only what comes on top is lag. */
function beyondResolution(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - LAG_RESOLUTION_MS);
}
