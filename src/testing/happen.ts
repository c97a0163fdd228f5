import { VzvmError } from '../errors.ts';
import { killHarness, killVm } from './crash.ts';
import type { Outcome } from './gates.ts';
import { gateAt } from './gate-names.ts';
import { chartPlace, type Happening } from './spec.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

const FATAL = new VzvmError('COMMAND_FAILED', 'the model says that it fails', { hint: 'read the path' });
const SAFE = new VzvmError('DIAL_FAILED', 'the model says that it fails for now', { retry: 'safe' });
const CANCELLED = new VzvmError('ABORTED', 'the model says that it was cancelled');
const LONGER_THAN_ANY_DEADLINE_MS = 1_200_000;
const LONGER_THAN_A_PAUSE_MS = 1_000;
/** Of a guest that takes its time there may be many: together they stay below every deadline. */
const A_PAUSE_MS = 100;
const LOOK_MS = 100;

/** What a guest says where a step is not to be tried again. */
const FATAL_REPLIES: Readonly<Record<string, Outcome>> = {
  upload: { code: 2, err: 'tar: Cannot mkdir: Permission denied' },
  'npm-install': { code: 1, err: 'npm error code ENOSPC' },
};
const SAFE_REPLY: Outcome = { code: 1, err: 'it did not work' };

const isByDriver = (place: string): boolean =>
  /^(cloning|booting|ip-polling|npm-install:keeping)/.test(place);

/** Brings a happening about, by what the driver, the guest, the clock or the user would do. */
export async function bringAbout(world: World, from: string, happening: Happening): Promise<void> {
  const { lane } = world;
  switch (happening) {
    case 'succeeds':
      return succeed(world, from);
    case 'findsAllPrepared':
      if (lane.double) lane.double.finds = await world.stage.everything();
      return succeed(world, from);
    case 'isNotReadyYet':
      return atWork(world, from, 'not yet');
    case 'fails':
      return fail(world, from);
    case 'failsSafely':
      return failSafely(world, from);
    case 'isCancelled':
      return lane.gates.settle(lane.gates.has('dial') ? 'dial' : gateAt(from), CANCELLED);
    case 'hangs':
      return lane.clock.increment(LONGER_THAN_ANY_DEADLINE_MS);
    case 'pauseEnds':
      return lane.clock.increment(LONGER_THAN_A_PAUSE_MS);
    case 'connects':
      return lane.gates.settle('dial', 'go');
    case 'vmDies':
      return die(world);
    case 'vmCannotBeWatched':
      return lane.watchBreaks.reject(
        new VzvmError('INTERNAL', 'the model says that nobody sees the process'),
      );
    case 'vmWatchIsCancelled':
      return lane.watchBreaks.reject(CANCELLED);
    case 'dispose':
      return world.dispose();
  }
}

async function succeed(world: World, from: string): Promise<void> {
  const { gates, double } = world.lane;
  if (from === 'healthy') return double ? double.endHarness() : killHarness(world.stage, world.lane);
  if (!world.stage.fake && !isByDriver(from) && from !== 'disposing') return letPass(world, from);
  if (from === 'disposing') {
    // Each attempt may have left something to release.
    for (const gate of ['stop', 'delete']) gates.decide(gate, 'go');
    for (const gate of ['stop', 'delete']) gates.settle(gate, 'go');
    return;
  }
  if (from === 'healthy:reaching') return gates.settle('dial', 'go');
  await atWork(world, from, 'go');
}

/** A guest of its own does what it does, and takes its time: only pauses are cut short. */
async function letPass(world: World, from: string): Promise<void> {
  const { lane, stage } = world;
  const step = chartPlace(from).split(':')[0] ?? '';
  const isOver = () =>
    from === 'healthy:reaching' ? world.place === 'healthy' : !world.place.startsWith(step);
  lane.gates.decide('dial', 'go');
  lane.gates.settle('dial', 'go');
  lane.openValve();
  const deadline = Date.now() + stage.patienceMs;
  while (!isOver() && Date.now() < deadline) {
    await until(isOver, LOOK_MS);
    if (!/:(backing-off|waiting)/.test(world.place)) continue;
    lane.clock.increment(A_PAUSE_MS);
    // Another attempt begins with what it holds back.
    lane.openValve();
  }
  lane.gates.decide('dial', undefined);
}

/** Where there is no connection one is made first. */
async function atWork(world: World, from: string, outcome: Outcome): Promise<void> {
  const { gates } = world.lane;
  if (gates.has('dial')) gates.settle('dial', 'go');
  await waits(world, gateAt(from));
  gates.settle(gateAt(from), outcome);
}

async function fail(world: World, from: string): Promise<void> {
  const { gates, double } = world.lane;
  if (gates.has('dial')) return gates.settle('dial', FATAL);
  if (from.includes(':keeping:')) {
    gates.decide('unseal', SAFE_REPLY);
    return gates.settle('keepImage', 'go');
  }
  if (from.startsWith('spawn:probing')) return double?.endHarness();
  gates.settle(gateAt(from), FATAL_REPLIES[from.split(':')[0] ?? ''] ?? FATAL);
}

async function failSafely(world: World, from: string): Promise<void> {
  const { gates, double } = world.lane;
  const isSecondTry = from.endsWith(':trying:2') && !isByDriver(from) && !from.startsWith('ssh-connect');
  if (gates.has('dial')) return isSecondTry ? atWork(world, from, SAFE_REPLY) : gates.settle('dial', SAFE);
  if (isByDriver(from) && !from.includes(':keeping:')) return gates.settle(gateAt(from), SAFE);
  world.lane.cut();
  if (from.startsWith('spawn:probing')) {
    // The look that was under way is over; nobody waits for its answer.
    await until(() => world.place !== chartPlace(from), world.stage.patienceMs);
    return gates.settle('health', 'not yet');
  }
  if (!from.includes(':keeping:')) return;
  // What was put aside in the guest cannot be put back: it is reached no more.
  await until(() => double?.connections === 0, world.stage.patienceMs);
  gates.settle('keepImage', 'go');
  await waits(world, 'dial');
  gates.settle('dial', SAFE);
}

async function die(world: World): Promise<void> {
  const { stage, lane } = world;
  if (!stage.fake) return killVm(world);
  stage.fake.killGuest(lane.name, { code: 9, stderrTail: 'killed by the model' });
  await new Promise<void>((resolve) => void setImmediate(resolve));
  lane.cut();
}

const waits = (world: World, gate: string): Promise<void> =>
  until(() => world.lane.gates.has(gate), world.stage.patienceMs);
