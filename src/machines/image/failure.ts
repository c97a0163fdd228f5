import { tail, VzvmError } from '../../errors.ts';
import { said } from '../vm/index.ts';
import type { ImageFailure, ImageStep } from './types.ts';

/** The failure that an actor's rejection is. */
export function failureOf(step: ImageStep, error: unknown): ImageFailure {
  const known = error instanceof VzvmError ? error : undefined;
  return {
    step,
    code: known?.code ?? 'INTERNAL',
    message: said(error),
    facts: known?.facts ?? {},
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
    ...(known?.exitCode === undefined ? {} : { exitCode: known.exitCode }),
    ...(known?.stderrTail === undefined ? {} : { stderrTail: tail(known.stderrTail) }),
  };
}

/** The failure of a state that was not done by its deadline. */
export function timeoutOf(step: ImageStep, timeoutMs: number): ImageFailure {
  return {
    step,
    code: 'STEP_TIMEOUT',
    message: `${step} was not done within ${timeoutMs} ms`,
    facts: { timeoutMs },
    hint: 'try it again; a host short of memory or processors shows in `free -m` and `uptime`',
  };
}
