import { messageOf, tail, VzvmError } from '../../errors.ts';
import { guestExitHint, harnessExitHint } from './exit-hints.ts';
import type { GuestExit, HarnessExit, Step, VmContext, VmFailure } from './types.ts';

/** What to do when a step was not done by its deadline. */
const TIMEOUT_HINTS: Readonly<Record<Step, string>> = {
  cloning:
    'see `df -h` for a full disk and that the image can be pulled; `timeouts.cloning` allows more time',
  booting:
    'the host may be short of memory or processors: see `free -m` and `uptime`; `timeouts.booting` allows more time',
  'ip-polling':
    'read the console: the guest has to get an address, and to start sshd if its image was built here; `timeouts["ip-polling"]` allows more time',
  'ssh-connect': 'read the console: the image has to start sshd; `timeouts["ssh-connect"]` allows more time',
  upload: 'run `df -h` in a guest kept by `keepOnFailure`; `timeouts.upload` allows more time',
  'node-install':
    'see that the guest reaches the network, or use an image with Node; `timeouts["node-install"]` allows more time',
  'npm-install':
    'run `npm ping` in a guest kept by `keepOnFailure`: it has to reach the registry; `timeouts["npm-install"]` allows more time',
  spawn: "read the harness's log in a guest kept by `keepOnFailure`; `timeouts.spawn` allows more time",
};

type At = Pick<VmContext, 'step' | 'attempt' | 'lastError'>;

/** The failure that an actor's rejection is. */
export function failureOf(error: unknown, at: At): VmFailure {
  return { step: at.step, attempt: at.attempt, ...factsOf(error) };
}

/** What an error tells, whatever it is, as plain JSON. */
export function factsOf(error: unknown): Omit<VmFailure, 'step' | 'attempt' | 'lastError'> {
  const known = error instanceof VzvmError ? error : ofSystem(error);
  return {
    code: known?.code ?? 'INTERNAL',
    message: said(error),
    facts: known?.facts ?? {},
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
    ...(known?.exitCode === undefined ? {} : { exitCode: known.exitCode }),
    ...(known?.stderrTail === undefined ? {} : { stderrTail: tail(known.stderrTail) }),
  };
}

/** What the system refused, where no driver foresaw it. */
function ofSystem(error: unknown): VzvmError | undefined {
  const { code, path } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  const facts = path === undefined ? {} : { path };
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new VzvmError('DISK_FULL', said(error), { facts, hint: `make room: df -h ${path ?? ''}`.trim() });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new VzvmError('PERMISSION_DENIED', said(error), {
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
    hint: TIMEOUT_HINTS[step],
    ...(at.lastError === null ? {} : { lastError: at.lastError }),
  };
}

/** The failure of a guest that was out of reach for longer than it may be. */
export function lostOf({ step, attempt, lastError, timeoutsMs }: VmContext): VmFailure {
  return {
    step,
    attempt,
    code: 'SSH_CLOSED',
    message: `the SSH connection to the guest was lost, and not made again within ${timeoutsMs.healthy} ms`,
    facts: { timeoutMs: timeoutsMs.healthy },
    hint: 'the harness need not have ended: read the console for a guest out of memory; `timeouts.healthy` allows more time',
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
    hint: harnessExitHint(exit),
    stderrTail: tail(exit.stderrTail),
    ...(exit.code === null ? {} : { exitCode: exit.code }),
  };
}

/** What anything thrown says. Runs in actions, where an exception would end the machine without its teardown. */
export function said(error: unknown): string {
  try {
    return messageOf(error);
  } catch {
    return 'an error that cannot be read';
  }
}

/** Whether trying the step again is safe and may help. */
export function mayRetry(error: unknown): boolean {
  return error instanceof VzvmError && error.retry === 'safe';
}
