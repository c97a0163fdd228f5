import { RESOURCES } from './by-hand-vm.ts';
import { preparedFloor } from './floor.ts';
import { hostFacts } from './host.ts';
import { type BenchOptions, Meter } from './meter.ts';
import { BASE_IMAGE, makePlace, type Place, preparedArtifact } from './place.ts';
import { aimsOf } from './start/aims.ts';
import { forkFloor } from './start/fork-floor.ts';
import { prepare } from './start/place.ts';
import type { StartReport } from './start/report.ts';
import { claimOne, demandFork, demandPrepared, startMany, startOne } from './start/starts.ts';
import { noSamples, type Samples, timesOf } from './start/times.ts';
import { upstreamSequence } from './start/upstream.ts';

const AT_ONCE = 10;

/** Starts of every kind and what they are measured by, in turns, so that whatever else the machine does meets all. Leaves nothing behind. */
export async function benchStart(options: BenchOptions): Promise<StartReport> {
  const { signal, say, runs, freshRuns } = options;
  await using place = await makePlace(signal, say);
  const meter = new Meter(options);
  await meter.take('the prepared image and the template', () => prepare(place, say, signal));
  const samples = noSamples();
  for (let round = 1; round <= runs; round += 1) {
    say(`round ${round} of ${runs}`);
    const steps = [
      ...(round <= freshRuns ? freshSteps(samples, place, signal) : []),
      ...(await stepsOf(samples, place, signal)),
    ];
    // The other way round each time, so that nothing profits from its place.
    for (const { what, step } of round % 2 === 0 ? steps.toReversed() : steps) await meter.take(what, step);
  }
  const times = timesOf(samples);
  return {
    benchmark: 'start',
    runs,
    freshRuns,
    host: await hostFacts(place, signal),
    guest: { image: BASE_IMAGE, ...RESOURCES },
    ...times,
    aims: aimsOf(times),
    others: meter.others,
  };
}

interface Step {
  readonly what: string;
  readonly step: () => Promise<unknown>;
}

function freshSteps({ rows }: Samples, place: Place, signal: AbortSignal): Step[] {
  const base = { prepare: 'never', fork: 'never', signal } as const;
  return [
    {
      what: 'from the base image',
      step: async () => rows.base.push(await startOne(place, base, () => undefined)),
    },
    {
      what: 'upstream’s sequence',
      step: async () => rows.upstream.push(await upstreamSequence(place, signal)),
    },
  ];
}

async function stepsOf(
  { rows, floors, allTen }: Samples,
  place: Place,
  signal: AbortSignal,
): Promise<Step[]> {
  const artifact = await preparedArtifact(place);
  const boot = { fork: 'never', signal } as const;
  const fork = { fork: 'auto', signal } as const;
  return [
    {
      what: 'from the prepared image',
      step: async () => rows.prepared.push(await startOne(place, boot, demandPrepared)),
    },
    {
      what: 'QEMU by hand to the SSH banner, and the harness',
      step: async () => {
        const { parts } = await preparedFloor(place, artifact, signal);
        floors.banner.push(parts.overlay + parts.banner);
        floors.harness.push(parts.harness);
      },
    },
    { what: 'a fork', step: async () => rows.fork.push(await startOne(place, fork, demandFork)) },
    { what: 'a fork by hand', step: async () => floors.fork.push(await forkFloor(place, signal)) },
    { what: 'a claim', step: async () => rows.pool.push(await claimOne(place, signal)) },
    {
      what: `${AT_ONCE} forks at once`,
      step: async () => {
        const started = await startMany(place, AT_ONCE, fork);
        rows.tenForks.push(...started);
        allTen.push(Math.max(...started.map(({ readyMs }) => readyMs)));
      },
    },
  ];
}
