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

type Edges = Partial<Record<Happening, string>>;

/**
 * A small model of a VM's life, written apart from the chart, as a table: state → happening → state.
 * Two attempts a step; a state is `step:doing:attempt`.
 */
export function specOf(keepOnFailure: boolean): Readonly<Record<string, Edges>> {
  const failed = keepOnFailure ? 'failed' : 'disposing';
  const table: Record<string, Edges> = {};
  const watched: Edges = { vmDies: failed, vmCannotBeWatched: failed, vmWatchIsCancelled: 'disposing' };

  const stepStates = (step: Step, index: number): void => {
    const always: Edges = { hangs: failed, dispose: 'disposing', ...(index >= 2 ? watched : {}) };
    const following = STEPS[index + 1];
    for (const attempt of [1, 2]) {
      const next = step === 'spawn' ? `spawn:probing:${attempt}` : `${following}:trying:1`;
      table[`${step}:trying:${attempt}`] = {
        ...always,
        succeeds: next,
        fails: failed,
        failsSafely: attempt === 1 ? `${step}:backing-off:2` : failed,
        isCancelled: 'disposing',
        ...(step === 'ssh-connect' ? { findsAllPrepared: 'spawn:trying:1' } : {}),
        ...(step === 'ip-polling' ? { isNotReadyYet: `${step}:waiting:${attempt}` } : {}),
      };
      if (step === 'ip-polling')
        table[`${step}:waiting:${attempt}`] = { ...always, pauseEnds: `${step}:trying:${attempt}` };
      if (step === 'spawn') Object.assign(table, probing(attempt, always));
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

  STEPS.forEach(stepStates);
  return {
    ...table,
    // To a harness that serves, "succeeds" means that its process came to an end.
    healthy: { ...watched, succeeds: failed, fails: failed, isCancelled: 'disposing', dispose: 'disposing' },
    ...(keepOnFailure ? { failed: { dispose: 'disposing' } } : {}),
    disposing: { succeeds: 'disposed', fails: 'disposed', hangs: 'disposed', dispose: 'disposing' },
    disposed: {},
  };
}

/** The table as a machine, so that paths through it can be computed. */
export function specMachine(keepOnFailure: boolean) {
  const states = Object.entries(specOf(keepOnFailure)).map(([name, on]) => [name, { on }] as const);
  return createMachine({ initial: 'cloning:trying:1', states: Object.fromEntries(states) });
}
