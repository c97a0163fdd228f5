import { VzvmError } from '../../errors.ts';
import { signalProcess, waitUntilGone } from '../../process/end-process.ts';
import { EXIT_VM_STATE, type TartCli } from './cli.ts';
import { tartError } from './failure.ts';

const INT_WAIT_MS = 10_000;
const KILL_WAIT_MS = 10_000;

/** Ends a `tart run` of ours: the power button when there is grace, then a power cut, then force; waits until it is gone. */
export async function stopChild(guest: string, pid: number, graceMs: number): Promise<void> {
  const ways: readonly (readonly [NodeJS.Signals, number])[] = [
    ...(graceMs > 0 ? [['SIGUSR2', graceMs] as const] : []),
    ['SIGINT', INT_WAIT_MS],
    ['SIGKILL', KILL_WAIT_MS],
  ];
  for (const [signal, waitMs] of ways) {
    signalProcess(pid, signal);
    if (await waitUntilGone(pid, waitMs)) return;
  }
  throw new VzvmError('RELEASE_FAILED', `tart run of ${guest} does not end`, {
    facts: { guest, pid },
    hint: `end it by hand: kill -9 ${pid}`,
    retry: 'safe',
  });
}

/** Ends a VM that another process started. One that does not run, or exist, is fine. */
export async function stopForeign(tart: TartCli, guest: string): Promise<void> {
  const seconds = Math.ceil(INT_WAIT_MS / 1000);
  const result = await tart.run(['stop', guest, '--timeout', String(seconds)], {
    timeoutMs: 2 * INT_WAIT_MS,
  });
  if (result.exitCode === 0 || result.exitCode === EXIT_VM_STATE) return;
  throw tartError(
    'RELEASE_FAILED',
    `${guest} could not be stopped`,
    result,
    `run: tart stop ${guest}`,
    'safe',
  );
}
