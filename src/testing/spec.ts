import { createMachine } from 'xstate';
import { STEPS, type Step } from '../machines/vm/index.ts';

/** What can happen to a VM, in the words of somebody who looks at it from outside. */
export const HAPPENINGS = [
  'succeeds',
  'findsAllPrepared',
  'isNotReadyYet',
  'fails',
  'failsSafely',
  'isCancelled',
  'hangs',
  'pauseEnds',
  'connects',
  'vmDies',
  'vmCannotBeWatched',
  'vmWatchIsCancelled',
  'dispose',
] as const;

/** One of {@link HAPPENINGS}. */
export type Happening = (typeof HAPPENINGS)[number];

/** What a VM is asked to do besides booting. */
export interface Variant {
  readonly keepOnFailure: boolean;
  readonly keepsImage: boolean;
  readonly endsPrepared: boolean;
  readonly isFork: boolean;
}

/** What leads from a place to which. */
export type Edges = Partial<Record<Happening, string>>;

/** The model: place → happening → place. */
export type Spec = Readonly<Record<string, Edges>>;

/** A place that ends so is one where the connection was lost on the way. The chart does not tell it from the other. */
const CUT = ':cut';
const ATTEMPTS = [1, 2] as const;
/** What there is to do for a VM that begins where another one is. */
const FORKED: ReadonlySet<Step> = new Set(['booting', 'ip-polling', 'spawn']);

/** The place without what only an onlooker knows. */
export const chartPlace = (place: string): string => place.replace(CUT, '');

/** Where a VM begins. */
export const firstPlace = ({ isFork }: Variant): string => (isFork ? 'booting:trying:1' : 'cloning:trying:1');

/**
 * A small model of a VM's life, written apart from the chart, as a table. Two attempts a step; a place is
 * `step:doing:attempt`.
 */
export function specOf(variant: Variant): Spec {
  const { keepOnFailure, endsPrepared, isFork } = variant;
  const failed = keepOnFailure ? 'failed' : 'disposing';
  const watched: Edges = { vmDies: failed, vmCannotBeWatched: failed, vmWatchIsCancelled: 'disposing' };
  const steps = STEPS.filter((step) => !(step === 'spawn' && endsPrepared) && !(isFork && !FORKED.has(step)));
  const table: Record<string, Edges> = {};
  for (const step of steps) {
    const isWatched = STEPS.indexOf(step) >= STEPS.indexOf('ip-polling');
    const always: Edges = { hangs: failed, dispose: 'disposing', ...(isWatched ? watched : {}) };
    Object.assign(table, placesOf(step, variant, failed, always));
  }
  return {
    ...table,
    ...(endsPrepared
      ? { prepared: { ...watched, dispose: 'disposing' } }
      : healthyPlaces(failed, watched, isFork)),
    ...(keepOnFailure ? { failed: { dispose: 'disposing' } } : {}),
    disposing: { succeeds: 'disposed', fails: 'disposed', hangs: 'disposed', dispose: 'disposing' },
    disposed: {},
  };
}

function placesOf(step: Step, variant: Variant, failed: string, always: Edges): Spec {
  const tries = step === 'spawn' && variant.isFork ? {} : attempts(step, variant, failed, always);
  if (step === 'spawn') {
    const probed = variant.isFork ? ([1] as const) : ATTEMPTS;
    return Object.assign({}, tries, ...probed.map((attempt) => probing(attempt, variant, failed, always)));
  }
  if (step !== 'npm-install' || !variant.keepsImage) return tries;
  return Object.assign({}, tries, ...ATTEMPTS.map((attempt) => keeping(attempt, failed, always)));
}

function attempts(step: Step, variant: Variant, failed: string, always: Edges): Spec {
  const table: Record<string, Edges> = {};
  for (const attempt of ATTEMPTS) {
    table[`${step}:trying:${attempt}`] = {
      ...always,
      succeeds: nextAfter(step, attempt, variant),
      fails: failed,
      failsSafely: attempt === 1 ? `${step}:backing-off:2` : failed,
      isCancelled: 'disposing',
      ...(step === 'ssh-connect' ? { findsAllPrepared: afterInstall(variant) } : {}),
      ...(step === 'ip-polling' ? { isNotReadyYet: `${step}:waiting:${attempt}` } : {}),
    };
    if (step === 'ip-polling')
      table[`${step}:waiting:${attempt}`] = { ...always, pauseEnds: `${step}:trying:${attempt}` };
  }
  table[`${step}:backing-off:2`] = { ...always, pauseEnds: `${step}:trying:2` };
  return table;
}

const afterInstall = ({ endsPrepared }: Variant): string => (endsPrepared ? 'prepared' : 'spawn:trying:1');

function nextAfter(step: Step, attempt: number, variant: Variant): string {
  if (step === 'spawn') return `spawn:probing:${attempt}`;
  if (step === 'ip-polling' && variant.isFork) return 'spawn:probing:1';
  if (step !== 'npm-install') return `${STEPS[STEPS.indexOf(step) + 1]}:trying:1`;
  return variant.keepsImage ? `npm-install:keeping:${attempt}` : afterInstall(variant);
}

function probing(attempt: number, { isFork }: Variant, failed: string, always: Edges): Spec {
  // Nobody is logged in to a fork before it is claimed.
  const healthy = isFork ? `healthy${CUT}` : 'healthy';
  const cut = `spawn:waiting:${attempt}${CUT}`;
  const looks = {
    ...always,
    succeeds: healthy,
    isNotReadyYet: `spawn:waiting:${attempt}`,
    failsSafely: cut,
    fails: failed,
    isCancelled: 'disposing',
  };
  return {
    [`spawn:probing:${attempt}`]: looks,
    [`spawn:waiting:${attempt}`]: { ...always, pauseEnds: `spawn:probing:${attempt}` },
    [cut]: { ...always, pauseEnds: `spawn:probing:${attempt}${CUT}` },
    [`spawn:probing:${attempt}${CUT}`]: looks,
  };
}

/** Why the disk could not be kept is an answer; only a guest that is no longer whole is a failure. */
function keeping(attempt: number, failed: string, always: Edges): Spec {
  const ends = { succeeds: 'spawn:trying:1', fails: failed, failsSafely: failed, isCancelled: 'disposing' };
  return { [`npm-install:keeping:${attempt}`]: { ...always, ...ends } };
}

/** To a harness that serves, "succeeds" means that its process came to an end. */
function healthyPlaces(failed: string, watched: Edges, isFork: boolean): Spec {
  const lost = { fails: failed, failsSafely: 'healthy:waiting', isCancelled: 'disposing' };
  const outOfSight: Edges = { ...watched, hangs: failed, dispose: 'disposing' };
  return {
    healthy: { ...watched, ...lost, succeeds: failed, dispose: 'disposing' },
    ...(isFork
      ? { [`healthy${CUT}`]: { ...watched, ...lost, connects: 'healthy', dispose: 'disposing' } }
      : {}),
    'healthy:waiting': { ...outOfSight, pauseEnds: 'healthy:reaching' },
    'healthy:reaching': { ...outOfSight, ...lost, succeeds: 'healthy' },
  };
}

/** The table as a machine, so that paths through it can be computed. */
export function specMachine(variant: Variant, spec: Spec = specOf(variant)) {
  const states = Object.entries(spec).map(([name, on]) => [name, { on }] as const);
  return createMachine({ initial: firstPlace(variant), states: Object.fromEntries(states) });
}
