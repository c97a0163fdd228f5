import { setTimeout as sleep } from 'node:timers/promises';
import { VzvmError } from '../../errors.ts';
import { signalProcess, waitUntilGone } from '../../process/end-process.ts';
import { EXIT_VM_STATE, type TartCli } from './cli.ts';
import { tartError } from './failure.ts';
import { runs } from './state.ts';

const INT_WAIT_MS = 10_000;
const KILL_WAIT_MS = 10_000;
/** A SIGINT in the first moments of `tart run` is lost. */
const INT_AGAIN_MS = 1_000;
const POLL_MS = 100;

/** Ends a `tart run`: the power button when there is grace, then a power cut, then force; waits until it is gone. */
export async function stopProcess(
  guest: string,
  pid: number,
  graceMs: number,
  intWaitMs: number = INT_WAIT_MS,
): Promise<void> {
  const ways: readonly (readonly [NodeJS.Signals, number, number])[] = [
    ...(graceMs > 0 ? [['SIGUSR2', graceMs, graceMs] as const] : []),
    ['SIGINT', intWaitMs, INT_AGAIN_MS],
    ['SIGKILL', KILL_WAIT_MS, KILL_WAIT_MS],
  ];
  for (const [signal, waitMs, againMs] of ways) {
    for (const deadline = performance.now() + waitMs; performance.now() < deadline;) {
      signalProcess(pid, signal);
      if (await waitUntilGone(pid, Math.min(againMs, waitMs))) return;
    }
  }
  throw new VzvmError('RELEASE_FAILED', `tart run of ${guest} does not end`, {
    facts: { guest, pid },
    hint: `see what it waits for: ps -o pid,stat,command -p ${pid}; once it is gone: npx vzvm rm ${guest}`,
    retry: 'safe',
  });
}

/**
 * Ends a VM whose process is not known, by a power cut: Tart knows no other. It returns before the process that it had to
 * kill is gone, so that is waited for. A VM that does not run, or exist, is fine.
 */
export async function stopByTart(tart: TartCli, guest: string): Promise<void> {
  const seconds = Math.ceil(INT_WAIT_MS / 1000);
  const result = await tart.run(['stop', guest, '--timeout', String(seconds)], {
    timeoutMs: 2 * INT_WAIT_MS,
  });
  if (result.exitCode === EXIT_VM_STATE) return;
  if (result.exitCode === 0 && (await untilStopped(tart, guest))) return;
  throw tartError(
    tart,
    'RELEASE_FAILED',
    `${guest} could not be stopped`,
    result,
    `see whether it runs: tart list; then: tart stop ${guest}`,
    'safe',
  );
}

async function untilStopped(tart: TartCli, guest: string): Promise<boolean> {
  const deadline = performance.now() + KILL_WAIT_MS;
  while (await runs(tart, guest)) {
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
