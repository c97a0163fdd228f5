import { createHash } from 'node:crypto';
import { getShortestPaths } from 'xstate/graph';
import { canOwn, type OwnGuests, reasonAgainst } from './reasons.ts';
import type { Move } from './promises.ts';
import {
  firstPlace,
  type Happening,
  HAPPENINGS,
  type Spec,
  specMachine,
  specOf,
  type Variant,
} from './spec.ts';
import type { ModelSubject } from './stage.ts';

const PLAIN: Variant = { keepOnFailure: false, keepsImage: false, endsPrepared: false, isFork: false };

/** What VMs of the model are asked to do, by their names in paths. */
export const VARIANTS = {
  'a VM': PLAIN,
  'a VM that is kept on failure': { ...PLAIN, keepOnFailure: true },
  'a VM whose disk is kept on the way': { ...PLAIN, keepsImage: true },
  'a fork': { ...PLAIN, isFork: true },
  'a VM that is to become an image': { ...PLAIN, endsPrepared: true },
} as const satisfies Readonly<Record<string, Variant>>;

/** One of {@link VARIANTS}. */
export type VariantName = keyof typeof VARIANTS;

/** A life of a VM in the model, from its beginning to its end. */
export interface ModelPath {
  readonly of: VariantName;
  readonly moves: readonly Move[];
}

/** Whose guests live a life: those of the fake driver do what they are told, others are booted. */
export type Guests = 'fake' | OwnGuests;

/** Lives that take, together, every edge of the model that can be brought about from outside. */
export function pathsOf(of: VariantName, guests: Guests = 'fake'): readonly ModelPath[] {
  const variant = VARIANTS[of];
  const spec = possible(specFor(variant, guests), variant, guests);
  const ways = getShortestPaths(specMachine(variant, spec)).map(({ state, steps }) => ({
    at: state.value as unknown as string,
    moves: movesAlong(
      spec,
      variant,
      steps.map(({ event }) => event.type as Happening),
    ),
  }));
  const lives = ways.flatMap(({ at, moves }) =>
    edgesOf(spec, at).map((move) => ended(spec, [...moves, move], variant)),
  );
  return withoutBeginnings(lives).map((moves) => ({ of, moves }));
}

/** Of what is there, so many, chosen by a seed: the same for the same seed. */
export function samplePaths(
  paths: readonly ModelPath[],
  { count, seed }: { readonly count: number; readonly seed: number },
): readonly ModelPath[] {
  const rank = ({ moves }: ModelPath, index: number) =>
    createHash('sha256')
      .update(`${seed} ${index} ${moves.map(({ happening }) => happening).join()}`)
      .digest('hex');
  const ranked = paths.map((path, index) => ({ path, rank: rank(path, index) }));
  return ranked
    .toSorted((one, other) => one.rank.localeCompare(other.rank))
    .slice(0, count)
    .map(({ path }) => path);
}

/**
 * Lives that take every edge of the model: all that a fake driver's guests can be told, or with a driver of your own what
 * it and its guests can be brought to.
 */
export function modelPaths(subject?: Partial<ModelSubject>): readonly ModelPath[] {
  if (!subject) return (Object.keys(VARIANTS) as VariantName[]).flatMap((of) => pathsOf(of));
  const guests = guestsOf(subject);
  return [...pathsOf('a VM', guests), ...pathsOf('a VM that is kept on failure', guests)];
}

function guestsOf(subject: Partial<ModelSubject> | undefined): Guests {
  if (!subject) return 'fake';
  return { isPrepared: subject.isPrepared === true, isReachable: subject.driver?.recipe !== undefined };
}

/**
 * Fewer lives: one for each thing that happens where it does, whatever the attempt, and of a variant only what is its own.
 */
export function fewPaths(): readonly ModelPath[] {
  const seen = new Set<string>();
  const names = Object.keys(VARIANTS) as VariantName[];
  return names.flatMap((of) => withoutKnown(pathsOf(of), ({ moves }) => moves.map(coarse), seen));
}

const coarse = ({ from, happening, to }: Move): string => {
  const plain = (place: string) => place.replace(/:[12]/, '').replace('failed', 'disposing');
  return [from === 'failed' ? from : plain(from), happening, plain(to)].join(' ');
};

/** The path that a line of {@link writePath} tells. @throws Error for one that the model does not have. */
export function readPath(line: string, subject?: Partial<ModelSubject>): ModelPath {
  const [of = '', text = ''] = line.split(': ');
  if (!(of in VARIANTS))
    throw new Error(`the model has no "${of}"; it has: ${Object.keys(VARIANTS).join(', ')}`);
  const variant = VARIANTS[of as VariantName];
  const happenings = text.split(' > ').filter((each) => each !== '');
  return {
    of: of as VariantName,
    moves: movesAlong(specFor(variant, guestsOf(subject)), variant, happenings as Happening[]),
  };
}

/** A path as one line, to be replayed alone. */
export const writePath = ({ of, moves }: ModelPath): string =>
  `${of}: ${moves.map(({ happening }) => happening).join(' > ')}`;

/** A harness of a guest of its own is healthy when it is: that is not waited for step by step. */
function specFor(variant: Variant, guests: Guests): Spec {
  const spec = specOf(variant);
  if (guests === 'fake') return spec;
  const served = ['spawn:trying:1', 'spawn:trying:2'].map((at) => [at, { ...spec[at], succeeds: 'healthy' }]);
  return { ...spec, ...(Object.fromEntries(served) as Spec) };
}

/** The model without what nobody can bring about. */
function possible(spec: Spec, { isFork }: Variant, guests: Guests): Spec {
  const entries = Object.entries(spec).map(([place, edges]) => {
    const kept = Object.entries(edges).filter(
      ([happening]) =>
        reasonAgainst(place, happening as Happening, isFork) === undefined &&
        (guests === 'fake' || canOwn(place, happening as Happening, guests)),
    );
    return [place, Object.fromEntries(kept)] as const;
  });
  return Object.fromEntries(entries);
}

function edgesOf(spec: Spec, from: string): readonly Move[] {
  return HAPPENINGS.flatMap((happening) => {
    const to = spec[from]?.[happening];
    return to === undefined ? [] : [{ from, happening, to }];
  });
}

function movesAlong(spec: Spec, variant: Variant, happenings: readonly Happening[]): readonly Move[] {
  let from = firstPlace(variant);
  return happenings
    .filter((each) => (each as string) !== 'xstate.init')
    .map((happening) => {
      const to = spec[from]?.[happening];
      if (to === undefined) throw new Error(`in the model "${happening}" does not happen at ${from}`);
      const move = { from, happening, to };
      from = to;
      return move;
    });
}

/** A life goes on to its end: what is left then is looked at each time. */
function ended(spec: Spec, moves: readonly Move[], variant: Variant): readonly Move[] {
  const at = moves.at(-1)?.to ?? firstPlace(variant);
  if (at === 'disposed') return moves;
  const next = at === 'disposing' ? 'succeeds' : 'dispose';
  return ended(spec, [...moves, { from: at, happening: next, to: spec[at]?.[next] ?? '' }], variant);
}

/** A life that is the beginning of another one shows nothing of its own, but for its end. */
function withoutBeginnings(lives: readonly (readonly Move[])[]): readonly (readonly Move[])[] {
  const inOrder = lives.toSorted((one, other) => other.length - one.length);
  const keys = (moves: readonly Move[]) => moves.map(({ from, happening }) => `${from} ${happening}`);
  return withoutKnown(inOrder, keys, new Set());
}

/** Those that have a key which none before them has. */
function withoutKnown<T>(all: readonly T[], keysOf: (each: T) => readonly string[], seen: Set<string>): T[] {
  return all.filter((each) => {
    const fresh = keysOf(each).filter((key) => !seen.has(key));
    for (const key of fresh) seen.add(key);
    return fresh.length > 0;
  });
}
