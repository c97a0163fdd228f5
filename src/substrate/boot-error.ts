import { VzvmError, type VzvmErrorCode } from '../errors.ts';
import { hintOfConsole } from './console-evidence.ts';
import { type LeftOfBoot, lookHint } from './look-hint.ts';
import type { VmFailure, Where } from '../machines/vm/index.ts';

/** What was seen of a VM whose boot failed. */
interface Evidence {
  readonly consoleTail: string;
  /** What is wrong with the host. */
  readonly hostHint?: string | undefined;
  readonly cause: unknown;
}

/** Why a boot did not end in a healthy VM: the step, the cause, what the guest's console said, and what to do. */
export class BootError extends VzvmError {
  /** The step that failed. */
  readonly step: Where;
  /** The attempt of that step, from 1. */
  readonly attempt: number;
  /** The last lines of the guest's console; empty when there is none. */
  readonly consoleTail: string;
  /** What could not be released afterwards; empty when nothing was left behind. */
  readonly problems: readonly string[];

  constructor(failure: VmFailure, details: LeftOfBoot & Evidence) {
    const hint = hintFor(failure, details);
    super(failure.code as VzvmErrorCode, messageFor(failure, hint, details.consoleTail), {
      facts: { ...failure.facts, guest: details.guest, step: failure.step, attempt: failure.attempt },
      cause: details.cause,
      ...(hint === undefined ? {} : { hint }),
      ...(failure.exitCode === undefined ? {} : { exitCode: failure.exitCode }),
      ...(failure.stderrTail === undefined ? {} : { stderrTail: failure.stderrTail }),
    });
    this.step = failure.step;
    this.attempt = failure.attempt;
    this.consoleTail = details.consoleTail;
    this.problems = details.problems;
  }
}

/** What the host lacks comes first, then what the console shows. Of a step that was too slow because the same thing failed again and again, that thing's own hint comes next. */
function hintFor(
  { step, hint, lastError }: VmFailure,
  { cause, consoleTail, hostHint, ...left }: LeftOfBoot & Evidence,
): string | undefined {
  const isLast = lastError !== undefined && cause instanceof VzvmError && cause.message === lastError;
  const ways = [hostHint, hintOfConsole(consoleTail), isLast ? cause.hint : undefined, hint].filter(isThere);
  return [ways.join('; or '), lookHint(step, left)].filter(isThere).join('; ') || undefined;
}

const isThere = (each: string | undefined): each is string => each !== undefined && each !== '';

function messageFor(failure: VmFailure, hint: string | undefined, consoleTail: string): string {
  const parts = [`${failure.step} failed: ${failure.message}`];
  if (failure.lastError !== undefined) parts.push(`last error: ${failure.lastError}`);
  if (hint !== undefined) parts.push(`what to do: ${hint}`);
  const early = failure.step === 'booting' || failure.step === 'ip-polling' || failure.step === 'ssh-connect';
  if (early && consoleTail !== '') parts.push(`console:\n${consoleTail.split('\n').slice(-15).join('\n')}`);
  return parts.join('\n  ');
}
