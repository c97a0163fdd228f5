import { factsOf } from '../vm/index.ts';
import type { ImageFailure, ImageStep } from './types.ts';

/** The failure that an actor's rejection is. */
export function failureOf(step: ImageStep, error: unknown): ImageFailure {
  return { step, ...factsOf(error) };
}

/** The failure of a state that was not done by its deadline. */
export function timeoutOf(step: ImageStep, timeoutMs: number): ImageFailure {
  return {
    step,
    code: 'STEP_TIMEOUT',
    message: `${step} was not done within ${timeoutMs} ms`,
    facts: { timeoutMs },
    hint: 'try it again: npx vzvm image build; a host short of memory or processors shows in free -m and uptime',
  };
}
