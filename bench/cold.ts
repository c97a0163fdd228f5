import { availableParallelism, totalmem } from 'node:os';
import { findKept, listKept } from '../src/drivers/qemu/images/kept.ts';
import type { Artifact } from '../src/drivers/qemu/images/artifact.ts';
import { hostArch } from '../src/drivers/qemu/host.ts';
import { qemuVersion } from '../src/drivers/qemu/tools.ts';
import { bootOnce, demandPrepared, type BootSample } from './boot.ts';
import { RESOURCES } from './by-hand-vm.ts';
import { compare, type ColdReport } from './compare.ts';
import { freshFloor, preparedFloor, type FloorSample } from './floor.ts';
import { Meter } from './meter.ts';
import { BASE_IMAGE, makePlace, type Place } from './place.ts';

/** What a benchmark is asked for. */
export interface ColdOptions {
  readonly runs: number;
  /** How many of the runs measure the fresh image as well. */
  readonly freshRuns: number;
  /** How long a measurement may wait for the machine to be at rest. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Boots and the same by hand in turns, so that whatever else the machine does meets both. Leaves nothing behind. */
export async function benchCold(options: ColdOptions): Promise<ColdReport> {
  const { signal, say, runs, freshRuns } = options;
  await using place = await makePlace(signal, say);
  const meter = new Meter(options);
  const preparing = await meter.take('the boot that keeps the image', () =>
    bootOnce(place, { prepare: 'auto', signal }),
  );
  const prepared = await preparedArtifact(place);
  const samples = { freshBoots: [], freshFloors: [], boots: [], floors: [] } as Samples;
  for (let round = 1; round <= runs; round += 1) {
    say(`round ${round} of ${runs}`);
    await takeRound(samples, { round, isFresh: round <= freshRuns, place, prepared, signal, meter });
  }
  return {
    benchmark: 'cold',
    runs,
    freshRuns,
    host: {
      processors: availableParallelism(),
      memoryMiB: Math.round(totalmem() / 1024 ** 2),
      arch: hostArch().node,
      qemu: await qemuVersion(hostArch().qemu, hostArch().node, signal),
      accelerator: place.accelerator,
      node: process.versions.node,
    },
    guest: { image: BASE_IMAGE, ...RESOURCES },
    preparing,
    fresh: compare(samples.freshBoots, samples.freshFloors),
    prepared: compare(samples.boots, samples.floors),
    others: meter.others,
  };
}

interface Samples {
  readonly freshBoots: BootSample[];
  readonly freshFloors: FloorSample[];
  readonly boots: BootSample[];
  readonly floors: FloorSample[];
}

interface Round {
  readonly round: number;
  readonly isFresh: boolean;
  readonly place: Place;
  readonly prepared: Artifact;
  readonly signal: AbortSignal;
  readonly meter: Meter;
}

async function takeRound(samples: Samples, round: Round): Promise<void> {
  const { place, prepared, signal, meter } = round;
  const fresh = [
    async () => {
      const boot = () => bootOnce(place, { prepare: 'never', signal });
      samples.freshBoots.push(await meter.take('bootHarness(), fresh image', boot));
    },
    async () => {
      const floor = () => freshFloor(place, signal);
      samples.freshFloors.push(await meter.take('by hand, fresh image', floor));
    },
  ];
  const steps = [
    ...(round.isFresh ? fresh : []),
    async () => {
      const boot = () => bootOnce(place, { prepare: 'auto', signal });
      const sample = await meter.take('bootHarness(), prepared image', boot);
      demandPrepared(sample);
      samples.boots.push(sample);
    },
    async () => {
      const floor = () => preparedFloor(place, prepared, signal);
      samples.floors.push(await meter.take('by hand, prepared image', floor));
    },
  ];
  // The other way round each time, so that neither profits from coming second.
  for (const step of round.round % 2 === 0 ? steps.toReversed() : steps) await step();
}

async function preparedArtifact({ cacheDir }: Place): Promise<Artifact> {
  const [kept] = await listKept({ cacheDir });
  const artifact = kept && (await findKept({ cacheDir }, kept.key));
  if (!artifact) throw new Error('the first boot has kept no image');
  return artifact;
}
