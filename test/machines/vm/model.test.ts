import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, type AnyStateNode, type InspectionEvent } from 'xstate';
import { getShortestPaths, toDirectedGraph } from 'xstate/graph';
import { VzvmError } from '../../../src/errors.ts';
import { STEPS, vmMachine } from '../../../src/machines/vm/index.ts';
import { type Happening, specMachine, specOf, type Variant } from './spec.ts';
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

/** Where the real VM is, in the model's words. */
function placeOf({ snapshot }: World): string {
  if (snapshot.status === 'done') return 'disposed';
  const { step, attempt } = snapshot.context;
  if (leavesOf(snapshot.value).includes('prepared')) return 'prepared';
  const leaf = leavesOf(snapshot.value).find((each) => each !== 'watching') ?? '';
  if (step === 'healthy' && leaf !== '') return `healthy:${leaf}`;
  if (snapshot.hasTag('ready') || snapshot.hasTag('failed') || snapshot.hasTag('disposing')) return step;
  return `${step}:${leaf}:${attempt}`;
}

function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  const entries = Object.entries(value as Record<string, unknown>);
  return entries.filter(([key]) => key !== 'process').flatMap(([, child]) => leavesOf(child));
}

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
  dispose: (world) => world.dispose(),
};

const edgeKey = (
  from: AnyStateNode,
  edge: AnyStateNode['always'] extends readonly (infer T)[] | undefined ? T : never,
) => {
  const guard = edge.guard as { type?: string } | string | undefined;
  const condition = typeof guard === 'object' ? guard.type : guard;
  return [
    from.id,
    edge.eventType,
    condition ?? '',
    (edge.target ?? []).map((target) => target.id).join(),
  ].join(' | ');
};

const covered = new Set<string>();
const record = (event: InspectionEvent): void => {
  if (event.type !== '@xstate.microstep') return;
  for (const edge of event._transitions) covered.add(edgeKey(edge.source, edge));
};

const nameOf = (value: unknown): string => leavesOf(value).join();

/** What is seen of the real VM, to be compared with what a place of the model promises. */
const seenOf = (world: World) => ({
  place: placeOf(world),
  releases: world.count('release'),
  failuresToldTwice: Math.max(0, world.emitted.filter((event) => event.type === 'failed').length - 1),
  errors: world.errors,
});

const promisedBy = (place: string) => ({
  place,
  releases: place === 'disposing' || place === 'disposed' ? 1 : 0,
  failuresToldTwice: 0,
  errors: [],
});

let walked = 0;
const PLAIN: Variant = { keepOnFailure: false, keepsImage: false, endsPrepared: false, isFork: false };
const VARIANTS: readonly (readonly [string, Variant])[] = [
  ['a VM', PLAIN],
  ['a VM that is kept on failure', { ...PLAIN, keepOnFailure: true }],
  ['a VM whose disk is kept on the way', { ...PLAIN, keepsImage: true }],
  ['a fork', { ...PLAIN, isFork: true }],
  ['a VM that is to become an image', { ...PLAIN, endsPrepared: true }],
];

describe.each(VARIANTS)('%s', (_, variant) => {
  const table = specOf(variant);
  const paths = getShortestPaths(specMachine(variant));

  it('is modelled without a place that nothing leads to', () => {
    expect(paths.map((path) => nameOf(path.state.value)).sort()).toEqual(Object.keys(table).sort());
  });

  for (const path of paths) {
    const start = nameOf(path.state.value);
    for (const [happening, end] of Object.entries(table[start] ?? {})) {
      it(`${start} ${happening} → ${end}`, async () => {
        const world = new World(ALL_HANG, { ...variant, retries }, record);
        await settle();
        for (const step of path.steps) {
          if (step.event.type !== 'xstate.init') await HAPPEN[step.event.type as Happening](world);
          expect(seenOf(world)).toEqual(promisedBy(nameOf(step.state.value)));
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
    const all = new Set<string>();
    const collect = (node: ReturnType<typeof toDirectedGraph>): void => {
      for (const edge of node.edges) all.add(edgeKey(edge.source, edge.transition));
      node.children.forEach(collect);
    };
    collect(toDirectedGraph(vmMachine as unknown as AnyStateMachine));
    const missing = [...all].filter((edge) => !covered.has(edge));
    process.stdout.write(
      `${walked} edges of the model walked, ${all.size - missing.length} of ${all.size} edges of the chart taken\n`,
    );
    expect(missing).toEqual([]);
    expect(all.size).toBeGreaterThan(70);
  });
});
