import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, startTimeOf } from '../process/end-process.ts';
import type { ExitReport, GuestProcess } from './driver.ts';

/** How soon the end of a process is seen that is no child of ours: the system tells nobody but its parent. */
const LOOK_MS = 250;

/** A guest's process that another process has started. How it ends is not known, only when. */
export function foreignProcess(pid: number, outputTail: () => Promise<string>): GuestProcess {
  return { pid, exited: ended(pid, outputTail) };
}

async function ended(pid: number, outputTail: () => Promise<string>): Promise<ExitReport> {
  const startTime = await startTimeOf(pid);
  while ((await isRunning(pid)) && (await startTimeOf(pid)) === startTime)
    await sleep(LOOK_MS, undefined, { ref: false });
  return { code: null, signal: null, stderrTail: await outputTail() };
}
