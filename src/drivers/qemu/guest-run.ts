import { isRunning, startTimeOf } from '../../process/end-process.ts';
import type { GuestFiles } from './paths.ts';
import { readRun } from './settings.ts';

/** The process that runs a guest, whoever started it; undefined when it does not run. A reused process id is told apart. */
export async function runningPid(files: GuestFiles): Promise<number | undefined> {
  const run = await readRun(files.process);
  if (!run || !(await isRunning(run.pid))) return undefined;
  return run.startTime === (await startTimeOf(run.pid)) ? run.pid : undefined;
}
