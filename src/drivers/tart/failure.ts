import { VzvmError, type VzvmErrorCode } from '../../errors.ts';
import type { RunResult } from '../../process/run.ts';

/** It filters packets, for which it has to run as root. */
const SOFTNET =
  'run: brew install cirruslabs/cli/softnet, then sudo chown root $(which softnet), then sudo chmod u+s $(which softnet)';

/** The error that a verb's unexpected exit is. */
export function tartError(
  code: VzvmErrorCode,
  what: string,
  result: Pick<RunResult, 'exitCode' | 'stderrTail'>,
  hint: string,
  retry: 'safe' | 'unsafe' = 'unsafe',
): VzvmError {
  return new VzvmError(code, `${what}: tart ended with ${result.exitCode}${firstLine(result.stderrTail)}`, {
    exitCode: result.exitCode,
    stderrTail: result.stderrTail,
    hint,
    retry,
  });
}

/** The error for a `tart run` that ended though nobody asked it to. */
export function runError(guest: string, log: string, exitCode: number | null): VzvmError {
  const facts = { guest };
  const exit = exitCode === null ? {} : { exitCode };
  if (log.includes('The number of VMs exceeds the system limit')) {
    return new VzvmError('LIMIT_REACHED', 'macOS runs two VMs at most at a time', {
      facts,
      stderrTail: log,
      ...exit,
      hint: 'end another VM: tart list shows them, tart stop NAME ends one',
    });
  }
  return new VzvmError('BOOT_FAILED', `tart run of ${guest} ended${firstLine(log)}`, {
    facts,
    stderrTail: log,
    ...exit,
    retry: 'safe',
    hint: hintFor(log, guest),
  });
}

function hintFor(log: string, guest: string): string {
  if (/softnet/i.test(log)) return SOFTNET;
  const itself = `see it for yourself: tart run ${guest}`;
  if (!log.includes('VZErrorDomain Code=1 ')) return itself;
  return `${itself}; over SSH the login keychain may be locked: security unlock-keychain`;
}

function firstLine(text: string): string {
  const line = text.split('\n').find((each) => each.trim() !== '');
  return line === undefined ? '' : `: ${line.trim()}`;
}
