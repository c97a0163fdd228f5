import { isAborted, VzvmError } from '../../errors.ts';

/** The verbs of a driver that a script may have a say in. */
export type FakeVerb =
  | 'resolveImage'
  | 'clone'
  | 'start'
  | 'address'
  | 'dial'
  | 'stop'
  | 'delete'
  | 'keepImage'
  | 'findImage'
  | 'save'
  | 'fork';

/** What a call of a verb does: goes well, fails, hangs until it is aborted, or what a function says. */
export type FakeStep = 'ok' | 'hang' | Error | ((guest: string) => void | Promise<void>);

/** What each verb does, call by call; the last entry stands for all that follow. */
export type FakeScript = Partial<Record<FakeVerb, FakeStep | readonly FakeStep[]>>;

/** Plays a script. */
export class ScriptPlayer {
  readonly #script: FakeScript;
  readonly #calls: Partial<Record<FakeVerb, number>> = {};

  constructor(script: FakeScript) {
    this.#script = script;
  }

  /** Does what the script says for the next call of a verb. */
  async play(verb: FakeVerb, guest: string, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw cancelled(verb);
    const step = this.#next(verb);
    if (step === 'ok') return;
    if (step === 'hang') return untilAborted(verb, signal);
    if (typeof step === 'function') return step(guest);
    throw step;
  }

  #next(verb: FakeVerb): FakeStep {
    const steps = this.#script[verb] ?? 'ok';
    if (!isList(steps)) return steps;
    const call = this.#calls[verb] ?? 0;
    this.#calls[verb] = call + 1;
    return steps[Math.min(call, steps.length - 1)] ?? 'ok';
  }
}

function isList(steps: FakeStep | readonly FakeStep[]): steps is readonly FakeStep[] {
  return Array.isArray(steps);
}

function untilAborted(verb: string, signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(cancelled(verb, signal.reason)), { once: true });
  });
}

function cancelled(verb: string, cause?: unknown): VzvmError {
  return new VzvmError('ABORTED', `${verb} was cancelled`, isAborted(cause) ? { cause } : {});
}
