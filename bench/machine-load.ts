import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 1_000;
/** Share of the processors that a machine at rest uses. */
const AT_REST = 0.1;
/** The kernel counts times of processes in this unit on every Linux that Node runs on. */
const TICK_MS = 10;

/** Waits until the machine is at rest, or the time is over. */
export async function untilAtRest(waitMs: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + waitMs;
  while (Date.now() < deadline) {
    const before = busyMs();
    await sleep(LOOK_MS, undefined, { signal });
    if ((busyMs() - before) / (LOOK_MS * availableParallelism()) < AT_REST) return;
  }
}

/**
 * Starts to watch; the answer tells which share of the processors others had since then. Call it when all processes
 * that this one started have ended: only then does the kernel count them as ours.
 */
export async function watchOthers(): Promise<() => Promise<number>> {
  const [started, busy, own] = [performance.now(), busyMs(), await ownMs()];
  return async () => {
    const others = busyMs() - busy - ((await ownMs()) - own);
    return Math.max(0, others / ((performance.now() - started) * availableParallelism()));
  };
}

/** What all processors together have worked. */
function busyMs(): number {
  return cpus().reduce((total, { times }) => total + times.user + times.nice + times.sys + times.irq, 0);
}

/** What this process and those that it has started, and that have ended, have worked. */
async function ownMs(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime, stime, cutime, cstime
  return fields.slice(11, 15).reduce((total, ticks) => total + Number(ticks) * TICK_MS, 0);
}
