import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 25;
/** A killed process is gone at once, unless the kernel itself waits for something in its name. */
const KILL_WAIT_MS = 10_000;

/** Whether a process exists; a zombie has ended. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return (await processState(pid)) !== 'Z';
}

/** When a process started, in the kernel's own count: with it a reused process id is told from the original. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  return (await statFields(pid))?.[19];
}

/** Waits until a process is gone; false at the deadline. */
export async function waitUntilGone(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (await isRunning(pid)) {
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Kills a process of ours and waits for its end; undefined when that does not come. */
export async function killed<T>(
  { pid, exited }: { readonly pid: number; readonly exited: Promise<T> },
  timeoutMs: number = KILL_WAIT_MS,
): Promise<T | undefined> {
  signalProcess(pid, 'SIGKILL');
  return within(exited, timeoutMs);
}

/** What comes of it within that time; undefined when nothing does. */
export async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), timeoutMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a signal; a process that is gone already is fine. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function processState(pid: number): Promise<string | undefined> {
  return (await statFields(pid))?.[0];
}

/** Fields of /proc/PID/stat from the third on; undefined where there is no procfs. */
async function statFields(pid: number): Promise<string[] | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
