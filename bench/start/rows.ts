import type { How, Sample, Served, Subject } from './subject.ts';

/** One thing that is measured in each round. */
export interface Row {
  readonly key: string;
  readonly label: string;
  /** It takes minutes: measured in the first rounds only. */
  readonly isSlow?: boolean;
  /** Undefined where this host cannot do it. */
  readonly take: (subject: Subject) => Promise<Sample | undefined>;
}

const MANY = 10;
const COLD: How = { prepare: 'auto', fork: 'never' };
const FORK: How = { prepare: 'auto', fork: 'auto' };

/** Everything that is measured. */
export const ROWS: readonly Row[] = [
  {
    key: 'cold-base',
    label: 'cold boot, base image',
    isSlow: true,
    take: (subject) => one(subject, { prepare: 'never', fork: 'never' }, isBooted),
  },
  { key: 'cold', label: 'cold boot, prepared image', take: (subject) => one(subject, COLD, isBooted) },
  { key: 'pool', label: 'claim from the pool', take: (subject) => fromPool(subject, 1) },
  { key: 'fork', label: 'fork from a template', take: (subject) => one(subject, FORK, isForked) },
  { key: 'fork-10', label: `${MANY} at once by fork`, take: (subject) => many(subject) },
  { key: 'pool-10', label: `${MANY} at once from the pool`, take: (subject) => fromPool(subject, MANY) },
  { key: 'floor', label: 'by hand: cold boot', take: (subject) => subject.bootByHand() },
  { key: 'raw-fork', label: 'by hand: fork', take: (subject) => subject.forkByHand() },
  { key: 'upstream', label: "upstream's sequence", isSlow: true, take: (subject) => subject.upstream() },
];

async function one(subject: Subject, how: How, demand: (vm: Served) => void): Promise<Sample> {
  const started = performance.now();
  await using substrate = subject.open(how);
  const vm = await substrate.boot();
  const healthy = performance.now() - started;
  await subject.command(vm.baseUrl);
  const command = performance.now() - started;
  demand(vm);
  return { healthy: [healthy], command: [command] };
}

async function many(subject: Subject): Promise<Sample> {
  const started = performance.now();
  await using substrate = subject.open(FORK);
  const vms = await together(MANY, async () => {
    const vm = await substrate.boot();
    const healthy = performance.now() - started;
    await subject.command(vm.baseUrl);
    return { vm, healthy, command: performance.now() - started };
  });
  for (const { vm } of vms) isForked(vm);
  return all(vms);
}

async function fromPool(subject: Subject, size: number): Promise<Sample | undefined> {
  await using substrate = subject.open({ ...FORK, warm: size });
  if ((await substrate.warmUp()) < size) return undefined;
  const started = performance.now();
  const vms = await together(size, async () => {
    const vm = await substrate.boot();
    const healthy = performance.now() - started;
    await subject.command(vm.baseUrl);
    return { healthy, command: performance.now() - started };
  });
  return size === 1 ? figures(vms) : all(vms);
}

type Times = { readonly healthy: number; readonly command: number };

const figures = (vms: readonly Times[]): Sample => ({
  healthy: vms.map(({ healthy }) => healthy),
  command: vms.map(({ command }) => command),
});

const all = (vms: readonly Times[]): Sample => ({
  ...figures(vms),
  'all serve': [Math.max(...vms.map(({ healthy }) => healthy))],
  'all answered': [Math.max(...vms.map(({ command }) => command))],
});

/** Rejects when all have come to an end: what a scope ends beside them is in nobody's use. */
async function together<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const results = await Promise.allSettled(Array.from({ length: count }, work));
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** A VM that booted where it was to be forked would be measured as something that it is not. */
function isForked({ states }: Served): void {
  if (states.includes('ssh-connect')) throw new Error(`no fork: it went through ${states.join(', ')}`);
}

function isBooted({ states }: Served): void {
  if (!states.includes('ssh-connect')) throw new Error(`no boot: it went through ${states.join(', ')}`);
}
