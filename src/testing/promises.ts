import { STEPS, type Step } from '../machines/vm/index.ts';
import { chartPlace, type Happening, type Variant } from './spec.ts';

/** What a VM holds of its host. */
export interface Held {
  /** What the driver lists of it. */
  readonly guest: 'none' | 'there' | 'runs';
  /** SSH connections to it. */
  readonly connections: 0 | 1;
  /** The journal has an entry for it, by which another program would end it. */
  readonly isWrittenDown: boolean;
}

/** One happening, and where it leads. */
export interface Move {
  readonly from: string;
  readonly happening: Happening;
  readonly to: string;
}

/** What a VM holds before anything has happened: what is written down was so first of all. */
export const HELD_AT_FIRST: Held = { guest: 'none', connections: 0, isWrittenDown: true };

/** What is done in the guest. */
const BY_SSH: ReadonlySet<string> = new Set(['upload', 'node-install', 'npm-install', 'spawn']);
const CONNECTED: ReadonlySet<Happening> = new Set([
  'succeeds',
  'findsAllPrepared',
  'isNotReadyYet',
  'connects',
]);
const stepOf = (place: string): string => place.split(':')[0] ?? '';
const isEnd = (place: string): boolean => place === 'failed' || place === 'disposing' || place === 'disposed';

/** What a VM holds after a happening. A release waits for whoever lets it go on: until then nothing but the connection is gone. */
export function heldAfter(held: Held, move: Move): Held {
  // What a release was too late for stays behind.
  if (move.to === 'disposed') {
    const isLate = move.happening === 'hangs';
    return { guest: isLate ? held.guest : 'none', connections: 0, isWrittenDown: isLate };
  }
  return { ...held, guest: guestAfter(held.guest, move), connections: connectionsAfter(held, move) };
}

/** A fork is cloned and started in one. */
function guestAfter(guest: Held['guest'], { from, happening }: Move): Held['guest'] {
  if (happening === 'vmDies') return 'there';
  if (happening !== 'succeeds') return guest;
  if (from.startsWith('cloning')) return 'there';
  return from.startsWith('booting') ? 'runs' : guest;
}

/** Connecting comes before the work here: there is no connection, or the one that there was is lost. */
export const connectsFirst = (place: string): boolean =>
  place.startsWith('ssh-connect:trying') ||
  (place.endsWith('trying:2') && BY_SSH.has(stepOf(place))) ||
  (place.endsWith(':cut') && !place.includes(':waiting:')) ||
  place === 'healthy:reaching';

function connectionsAfter({ connections }: Held, { from, happening, to }: Move): Held['connections'] {
  if (to === 'disposing' || happening === 'vmDies') return 0;
  if (happening === 'failsSafely') return from.endsWith('trying:2') && BY_SSH.has(stepOf(from)) ? 1 : 0;
  if (!connectsFirst(from)) return connections;
  return CONNECTED.has(happening) ? 1 : connections;
}

/** What a VM tells when it begins. */
export function toldAtFirst({ isFork }: Variant): readonly string[] {
  return isFork ? ['cloning start', 'cloning skipped', 'booting start'] : ['cloning start'];
}

/** What a VM tells of a happening, as `step phase`, or the event's name. */
export function toldOf({ from, happening, to }: Move, { keepOnFailure }: Variant): readonly string[] {
  if (isEnd(to)) return toldAtEnd({ from, happening, to }, keepOnFailure);
  const [before, after] = [stepOf(chartPlace(from)), stepOf(chartPlace(to))];
  if (before !== after)
    return [...(from.includes(':keeping:') ? ['image'] : []), ...toldBetween(before, after)];
  if (happening === 'pauseEnds' && from.includes(':backing-off:')) return [`${after} retry`];
  if (chartPlace(from) === 'healthy' && to === 'healthy:waiting') return ['lost'];
  return from === 'healthy:reaching' && to === 'healthy' ? ['found'] : [];
}

const UNFAILED: ReadonlySet<Happening> = new Set(['dispose', 'isCancelled', 'vmWatchIsCancelled']);

function toldAtEnd({ from, happening, to }: Move, keepOnFailure: boolean): readonly string[] {
  if (to === 'disposed' || from === 'disposing') return [];
  const end = to === 'disposing' ? ['disposing start'] : [];
  if (UNFAILED.has(happening) || from === 'failed') return end;
  // The pause is over long before the deadline.
  const retry = happening === 'hangs' && from.includes(':backing-off:') ? [`${stepOf(from)} retry`] : [];
  return [...retry, 'failed start', 'failed', ...(keepOnFailure ? [] : end)];
}

/** Steps that have nothing to do are skipped visibly. */
function toldBetween(before: string, after: string): string[] {
  const isPrepared = after === 'prepared';
  const last = isPrepared || after === 'healthy' ? STEPS.length : STEPS.indexOf(after as Step);
  const between = STEPS.slice(STEPS.indexOf(before as Step) + 1, isPrepared ? -1 : last);
  const skipped = between.flatMap((step) => [`${step} start`, `${step} skipped`]);
  if (isPrepared) return [...skipped, 'ready'];
  return [...skipped, `${after} start`, ...(after === 'healthy' ? ['ready'] : [])];
}
