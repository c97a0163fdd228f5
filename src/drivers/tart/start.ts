import { setTimeout as sleep } from 'node:timers/promises';
import { VzvmError } from '../../errors.ts';
import { killed } from '../../process/end-process.ts';
import { readTail, spawnDetached, type DetachedProcess } from '../../process/spawn-detached.ts';
import type { TartCli } from './cli.ts';
import { notStarted, runError } from './failure.ts';
import { runs } from './state.ts';

const START_TIMEOUT_MS = 50_000;
const POLL_MS = 100;

/** Without these the guest is offered the host's clipboard and microphone. */
const RUN_FLAGS = ['--no-graphics', '--no-clipboard', '--no-audio'];

/** Starts `tart run` and waits until tart says that it runs. A failed or aborted start leaves no process. */
export async function startVm(
  tart: TartCli,
  guest: string,
  { logFile, flags }: { readonly logFile: string; readonly flags: readonly string[] },
  signal: AbortSignal,
): Promise<DetachedProcess> {
  if (signal.aborted) throw new VzvmError('ABORTED', 'the start was cancelled');
  const child = await spawnDetached(tart.bin, ['run', guest, ...RUN_FLAGS, ...flags], {
    logFile,
    guest,
    env: tart.envOf('run'),
  });
  try {
    await untilRunning(tart, guest, { child, logFile }, signal);
    return child;
  } catch (error) {
    await killed(child); // One that does not go is told by whoever releases the VM.
    throw error;
  }
}

async function untilRunning(
  tart: TartCli,
  guest: string,
  { child, logFile }: { readonly child: DetachedProcess; readonly logFile: string },
  signal: AbortSignal,
): Promise<void> {
  const ended = child.exited.then((report): never => {
    throw runError(tart, guest, report.stderrTail, report.code);
  });
  ended.catch(() => undefined); // Told by the race below, or of no interest any more.
  const looking = new AbortController();
  const look = lookUntilRunning(tart, guest, logFile, AbortSignal.any([signal, looking.signal]));
  try {
    await Promise.race([ended, look]);
  } finally {
    // Nobody may look at a VM that is deleted next.
    looking.abort();
    await look.catch(() => undefined); // Told by the race, or of no interest any more.
  }
}

async function lookUntilRunning(
  tart: TartCli,
  guest: string,
  logFile: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await runs(tart, guest, signal))) {
    if (performance.now() >= deadline)
      throw notStarted(tart, guest, await readTail(logFile), START_TIMEOUT_MS);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined); // The next look tells.
    if (signal.aborted) throw new VzvmError('ABORTED', 'the start was cancelled');
  }
}
