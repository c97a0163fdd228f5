import { VzvmError, type VzvmErrorCode } from '../../errors.ts';
import type { RunResult } from '../../process/run.ts';
import { hintOfLimit, hintOfRun, hintOfTart, isFull } from './hints.ts';

/** Where tart keeps its VMs. */
interface Home {
  readonly home: string;
}

/** The error that a verb's unexpected exit is. What tart has said goes before the hint that is given. */
export function tartError(
  { home }: Home,
  code: VzvmErrorCode,
  what: string,
  result: Pick<RunResult, 'exitCode' | 'stderrTail'>,
  hint: string,
  retry: 'safe' | 'unsafe' = 'unsafe',
): VzvmError {
  const { exitCode, stderrTail } = result;
  const isDisk = isFull(stderrTail) && code !== 'RELEASE_FAILED';
  const message = `${what}: tart ended with ${exitCode}${firstLine(stderrTail)}`;
  return new VzvmError(isDisk ? 'DISK_FULL' : code, message, {
    ...(isDisk ? { facts: { path: home } } : {}),
    exitCode,
    stderrTail,
    hint: hintOfTart(stderrTail, home) ?? hint,
    retry,
  });
}

/** The error for a `tart run` that ended though nobody asked it to. */
export function runError({ home }: Home, guest: string, log: string, exitCode: number | null): VzvmError {
  const told = { facts: { guest }, stderrTail: log, ...(exitCode === null ? {} : { exitCode }) };
  if (log.includes('The number of VMs exceeds the system limit')) {
    const hint = hintOfLimit(log);
    return new VzvmError('LIMIT_REACHED', 'macOS runs two VMs at most at a time', { ...told, hint });
  }
  const message = `tart run of ${guest} ended${firstLine(log)}`;
  const hint = hintOfRun(log, guest, home);
  return new VzvmError('BOOT_FAILED', message, { ...told, retry: 'safe', hint });
}

/** The error for a `tart run` that goes on, without a VM that runs. */
export function notStarted({ home }: Home, guest: string, log: string, timeoutMs: number): VzvmError {
  return new VzvmError('BOOT_FAILED', `tart did not run ${guest} within ${timeoutMs} ms`, {
    facts: { guest, timeoutMs },
    stderrTail: log,
    retry: 'safe',
    hint: hintOfRun(log, guest, home),
  });
}

function firstLine(text: string): string {
  const line = text.split('\n').find((each) => each.trim() !== '');
  return line === undefined ? '' : `: ${line.trim()}`;
}
