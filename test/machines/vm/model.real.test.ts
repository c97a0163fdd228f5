import { describe, expect, it } from 'vitest';
import { getShortestPaths } from 'xstate/graph';
import { VzvmError } from '../../../src/errors.ts';
import { STEPS } from '../../../src/machines/vm/index.ts';
import { EdgeCoverage } from '../../../src/testing/coverage.ts';
import { leavesOf, placeOf as placeIn } from '../../../src/testing/lane.ts';
import { VARIANTS } from '../../../src/testing/paths.ts';
import { chartPlace, type Happening, specMachine, specOf } from '../../../src/testing/spec.ts';
import { type ActorName, HANG, NOTHING_YET, settle, World, WORKER } from './world.ts';

// Every edge of the small model is walked on the real chart, which must be where the model says after each happening.

const PREPARED = { harnessUploaded: true, nodeReady: true, packagesReady: true };
const ACTORS = [
  ...Object.values(WORKER),
  'keepImage',
  'watchProcess',
  'probeHealth',
  'watchHarness',
  'reachGuest',
  'release',
] as const;
const ALL_HANG = Object.fromEntries(ACTORS.map((name) => [name, [HANG]]));
const retries = Object.fromEntries(STEPS.map((step) => [step, 2]));
const SUCCESS: Partial<Record<ActorName, unknown>> = {
  pollAddress: '10.0.0.9',
  connect: NOTHING_YET,
  keepImage: null,
  probeHealth: true,
  watchHarness: { code: 1, stderrTail: '' },
  release: [],
};
const NOT_YET: Partial<Record<ActorName, unknown>> = { pollAddress: null, probeHealth: false };
const LONGER_THAN_ANY_DEADLINE_MS = 1_200_000;
const LONGER_THAN_FIRST_PAUSE_MS = 500;

const placeOf = ({ snapshot }: World): string => placeIn(snapshot);

function workerOf(world: World): ActorName {
  const place = placeOf(world);
  if (place === 'healthy') return 'watchHarness';
  if (place === 'healthy:reaching') return 'reachGuest';
  if (place === 'disposing') return 'release';
  if (place.startsWith('npm-install:keeping')) return 'keepImage';
  return place.startsWith('spawn:probing')
    ? 'probeHealth'
    : WORKER[world.snapshot.context.step as keyof typeof WORKER];
}

const HAPPEN: Readonly<Record<Happening, (world: World) => Promise<void>>> = {
  succeeds: (world) => world.answer(workerOf(world), SUCCESS[workerOf(world)]),
  findsAllPrepared: (world) => world.answer('connect', PREPARED),
  isNotReadyYet: (world) => world.answer(workerOf(world), NOT_YET[workerOf(world)]),
  fails: (world) => world.reject(workerOf(world), new VzvmError('COMMAND_FAILED', 'fatal')),
  failsSafely: (world) =>
    world.reject(workerOf(world), new VzvmError('DIAL_FAILED', 'again', { retry: 'safe' })),
  isCancelled: (world) => world.reject(workerOf(world), new VzvmError('ABORTED', 'cancelled')),
  hangs: (world) => world.pass(LONGER_THAN_ANY_DEADLINE_MS),
  pauseEnds: (world) => world.pass(LONGER_THAN_FIRST_PAUSE_MS),
  vmDies: (world) => world.answer('watchProcess', { code: 9, signal: null, stderrTail: '' }),
  vmCannotBeWatched: (world) => world.reject('watchProcess', new VzvmError('INTERNAL', 'no process')),
  vmWatchIsCancelled: (world) => world.reject('watchProcess', new VzvmError('ABORTED', 'cancelled')),
  // That is between the actor and the guest: the chart waits for it in the same place.
  connects: () => settle(),
  dispose: (world) => world.dispose(),
};

const coverage = new EdgeCoverage();

const placeNamed = (value: unknown): string => leavesOf(value).join();

/** What is seen of the real VM, to be compared with what a place of the model promises. */
const seenOf = (world: World) => ({
  place: placeOf(world),
  releases: world.count('release'),
  failuresToldTwice: Math.max(0, world.emitted.filter((event) => event.type === 'failed').length - 1),
  errors: world.errors,
});

const promisedBy = (place: string) => ({
  place: chartPlace(place),
  releases: place === 'disposing' || place === 'disposed' ? 1 : 0,
  failuresToldTwice: 0,
  errors: [],
});

let walked = 0;
describe.each(Object.entries(VARIANTS))('%s', (_, variant) => {
  const table = specOf(variant);
  const paths = getShortestPaths(specMachine(variant));

  it('is modelled without a place that nothing leads to', () => {
    expect(paths.map((path) => placeNamed(path.state.value)).sort()).toEqual(Object.keys(table).sort());
  });

  for (const path of paths) {
    const start = placeNamed(path.state.value);
    for (const [happening, end] of Object.entries(table[start] ?? {})) {
      it(`${start} ${happening} → ${end}`, async () => {
        const world = new World(ALL_HANG, { ...variant, retries }, coverage.record);
        await settle();
        for (const step of path.steps) {
          if (step.event.type !== 'xstate.init') await HAPPEN[step.event.type as Happening](world);
          expect(seenOf(world)).toEqual(promisedBy(placeNamed(step.state.value)));
        }
        await HAPPEN[happening as Happening](world);
        expect(seenOf(world)).toEqual(promisedBy(end));
        walked += 1;
      });
    }
  }
});

describe('the walk over the model', () => {
  it('took every edge of the real chart', () => {
    process.stdout.write(`${walked} edges of the model walked on the chart alone; ${coverage.summary}\n`);
    expect(coverage.missing).toEqual([]);
    expect(EdgeCoverage.all.size).toBeGreaterThan(70);
  });
});
