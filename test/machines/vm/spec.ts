import { createMachine } from 'xstate';
import { STEPS, type Step } from '../../../src/machines/vm/index.ts';

/** What can happen to a VM, in the words of somebody who looks at it from outside. */
export type Happening =
  | 'succeeds'
  | 'findsAllPrepared'
  | 'isNotReadyYet'
  | 'fails'
  | 'failsSafely'
  | 'isCancelled'
  | 'hangs'
  | 'pauseEnds'
  | 'vmDies'
  | 'vmCannotBeWatched'
  | 'vmWatchIsCancelled'
  | 'dispose';

/** What a VM is asked to do besides booting. */
export interface Variant {
  readonly keepOnFailure: boolean;
  readonly keepsImage: boolean;
  readonly endsPrepared: boolean;
  readonly isFork: boolean;
}

const NOT_IN_A_FORK = ['trying:1', 'trying:2', 'backing-off:2', 'probing:2', 'waiting:2'].map(
  (place) => `spawn:${place}`,
);

/** What there is to do for a VM that begins where another one is. */
const FORKED: ReadonlySet<Step> = new Set(['booting', 'ip-polling', 'spawn']);

type Edges = Partial<Record<Happening, string>>;

/**
 * A small model of a VM's life, written apart from the chart, as a table: state → happening → state.
 * Two attempts a step; a state is `step:doing:attempt`.
 */
export function specOf({
  keepOnFailure,
  keepsImage,
  endsPrepared,
  isFork,
}: Variant): Readonly<Record<string, Edges>> {
  const failed = keepOnFailure ? 'failed' : 'disposing';
  const steps = STEPS.filter((step) => !(step === 'spawn' && endsPrepared) && !(isFork && !FORKED.has(step)));
  const afterInstall = endsPrepared ? 'prepared' : 'spawn:trying:1';
  const table: Record<string, Edges> = {};
  const watched: Edges = { vmDies: failed, vmCannotBeWatched: failed, vmWatchIsCancelled: 'disposing' };

  const stepStates = (step: Step): void => {
    const index = STEPS.indexOf(step);
    const always: Edges = { hangs: failed, dispose: 'disposing', ...(index >= 2 ? watched : {}) };
    const next = (attempt: number): string => {
      if (step === 'spawn') return `spawn:probing:${attempt}`;
      if (step === 'ip-polling' && isFork) return 'spawn:probing:1';
      if (step !== 'npm-install') return `${STEPS[index + 1]}:trying:1`;
      return keepsImage ? `npm-install:keeping:${attempt}` : afterInstall;
    };
    for (const attempt of [1, 2]) {
      table[`${step}:trying:${attempt}`] = {
        ...always,
        succeeds: next(attempt),
        fails: failed,
        failsSafely: attempt === 1 ? `${step}:backing-off:2` : failed,
        isCancelled: 'disposing',
        ...(step === 'ssh-connect' ? { findsAllPrepared: afterInstall } : {}),
        ...(step === 'ip-polling' ? { isNotReadyYet: `${step}:waiting:${attempt}` } : {}),
      };
      if (step === 'ip-polling')
        table[`${step}:waiting:${attempt}`] = { ...always, pauseEnds: `${step}:trying:${attempt}` };
      if (step === 'spawn') Object.assign(table, probing(attempt, always));
      if (step === 'npm-install' && keepsImage) table[`npm-install:keeping:${attempt}`] = keeping(always);
    }
    table[`${step}:backing-off:2`] = { ...always, pauseEnds: `${step}:trying:2` };
  };

  const probing = (attempt: number, always: Edges): Record<string, Edges> => ({
    [`spawn:probing:${attempt}`]: {
      ...always,
      succeeds: 'healthy',
      isNotReadyYet: `spawn:waiting:${attempt}`,
      failsSafely: `spawn:waiting:${attempt}`,
      fails: failed,
      isCancelled: 'disposing',
    },
    [`spawn:waiting:${attempt}`]: { ...always, pauseEnds: `spawn:probing:${attempt}` },
  });

  // Why the disk could not be kept is an answer; only a guest that is no longer whole is a failure.
  const keeping = (always: Edges): Edges => ({
    ...always,
    succeeds: afterInstall,
    fails: failed,
    failsSafely: failed,
    isCancelled: 'disposing',
  });

  steps.forEach(stepStates);
  // A fork's harness runs already: it is only looked at.
  if (isFork) for (const place of NOT_IN_A_FORK) delete table[place];
  // To a harness that serves, "succeeds" means that its process came to an end.
  const serving = {
    succeeds: failed,
    fails: failed,
    failsSafely: 'healthy:waiting',
    isCancelled: 'disposing',
  };
  const outOfSight: Edges = { ...watched, hangs: failed, dispose: 'disposing' };
  const served: Record<string, Edges> = {
    healthy: { ...watched, ...serving, dispose: 'disposing' },
    'healthy:waiting': { ...outOfSight, pauseEnds: 'healthy:reaching' },
    'healthy:reaching': {
      ...outOfSight,
      succeeds: 'healthy',
      fails: failed,
      failsSafely: 'healthy:waiting',
      isCancelled: 'disposing',
    },
  };
  return {
    ...table,
    ...(endsPrepared ? { prepared: { ...watched, dispose: 'disposing' } } : served),
    ...(keepOnFailure ? { failed: { dispose: 'disposing' } } : {}),
    disposing: { succeeds: 'disposed', fails: 'disposed', hangs: 'disposed', dispose: 'disposing' },
    disposed: {},
  };
}

/** The table as a machine, so that paths through it can be computed. */
export function specMachine(variant: Variant) {
  const states = Object.entries(specOf(variant)).map(([name, on]) => [name, { on }] as const);
  return createMachine({
    initial: variant.isFork ? 'booting:trying:1' : 'cloning:trying:1',
    states: Object.fromEntries(states),
  });
}
