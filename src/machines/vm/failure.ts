import { messageOf, tail, VzvmError } from '../../errors.ts';
import { guestExitHint, harnessExitHint } from './exit-hints.ts';
import { timeoutHint } from './timeout-hints.ts';
import type { GuestExit, HarnessExit, Step, VmContext, VmFailure } from './types.ts';

type At = Pick<VmContext, 'vmId' | 'step' | 'attempt' | 'lastError'>;

/** The failure that an actor's rejection is. */
export function failureOf(error: unknown, at: Pick<At, 'vmId' | 'step' | 'attempt'>): VmFailure {
  const { hint, ...facts } = factsOf(error);
  return {
    step: at.step,
    attempt: at.attempt,
    ...facts,
    ...(hint === undefined ? {} : { hint: named(hint, at.vmId) }),
  };
}

/** Who speaks SSH does not know which VM it speaks to, and leaves its name out of the commands in a hint. */
const named = (hint: string, vmId: string): string => hint.replaceAll(/(npx vzvm \w+) NAME\b/g, `$1 ${vmId}`);

/** What an error tells, whatever it is, as plain JSON. */
export function factsOf(error: unknown): Omit<VmFailure, 'step' | 'attempt' | 'lastError'> {
  const known =
    error instanceof VzvmError ? error : (ofSystem(error) ?? new VzvmError('INTERNAL', messageOf(error)));
  return {
    code: known.code,
    message: messageOf(error),
    facts: known.facts,
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    ...(known.exitCode === undefined ? {} : { exitCode: known.exitCode }),
    ...(known.stderrTail === undefined ? {} : { stderrTail: tail(known.stderrTail) }),
  };
}

/** What the system refused, where no driver foresaw it. */
function ofSystem(error: unknown): VzvmError | undefined {
  const { code, path } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  const facts = path === undefined ? {} : { path };
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new VzvmError('DISK_FULL', messageOf(error), {
      facts,
      hint: `make room: df -h ${path ?? ''}`.trim(),
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new VzvmError('PERMISSION_DENIED', messageOf(error), {
      facts,
      hint: `see whose it is: ls -ld ${path ?? '.'}`,
    });
  return undefined;
}

/** The failure of a step that was not done by its deadline. */
export function timeoutOf(step: Step, timeoutMs: number, at: At): VmFailure {
  return {
    step: at.step,
    attempt: at.attempt,
    code: 'STEP_TIMEOUT',
    message: `${step} was not done within ${timeoutMs} ms`,
    facts: { timeoutMs },
    hint: timeoutHint(step, at.vmId),
    ...(at.lastError === null ? {} : { lastError: at.lastError }),
  };
}

/** The failure of a guest that was out of reach for longer than it may be. */
export function lostOf({ vmId, step, attempt, lastError, timeoutsMs }: VmContext): VmFailure {
  return {
    step,
    attempt,
    code: 'SSH_CLOSED',
    message: `the SSH connection to the guest was lost, and not made again within ${timeoutsMs.healthy} ms`,
    facts: { timeoutMs: timeoutsMs.healthy },
    hint: `the harness need not have ended, the guest may be out of memory: npx vzvm logs ${vmId}; \`timeouts.healthy\` allows more time`,
    ...(lastError === null ? {} : { lastError }),
  };
}

/** The failure that the end of the hypervisor process is. */
export function guestExitOf(exit: GuestExit, at: At): VmFailure {
  const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  return {
    step: at.step,
    attempt: at.attempt,
    code: 'GUEST_EXITED',
    message: `the VM's process ended (${how})`,
    facts: exit.signal === null ? {} : { signal: exit.signal },
    hint: guestExitHint(exit),
    stderrTail: tail(exit.stderrTail),
    ...(exit.code === null ? {} : { exitCode: exit.code }),
  };
}

/** The failure that the end of the harness is. */
export function harnessExitOf(exit: HarnessExit, at: At): VmFailure {
  return {
    step: at.step,
    attempt: at.attempt,
    code: 'HARNESS_CRASHED',
    message: exit.code === null ? 'the harness ended' : `the harness ended (exit code ${exit.code})`,
    facts: {},
    hint: harnessExitHint(exit, at.vmId),
    stderrTail: tail(exit.stderrTail),
    ...(exit.code === null ? {} : { exitCode: exit.code }),
  };
}

/** Whether trying the step again is safe and may help. */
export function mayRetry(error: unknown): boolean {
  return error instanceof VzvmError && error.retry === 'safe';
}
