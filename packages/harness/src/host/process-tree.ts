import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemCode } from '../errors.ts';

/** In the environment of a harness that somebody else answers for, and of all that it starts: which harness. */
export const HARNESS_MARK = 'COMPUTERAGENT_HARNESS_ID';

const PS_TIMEOUT_MS = 5_000;
const PAUSE_MS = 20;
const DEFAULT_WAIT_MS = 5_000;

/**
 * Ends by force every process of this user that bears the harness's mark, also those that they start meanwhile and those
 * in sessions of their own, but for the caller. Answers the ids of those that are still there after the wait.
 */
export async function endMarked(id: string, waitMs: number = DEFAULT_WAIT_MS): Promise<readonly number[]> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const found = await findMarked(id);
    if (found.length === 0 || performance.now() > deadline) return found;
    for (const pid of found) kill(pid);
    await sleep(PAUSE_MS);
  }
}

/** Ends by force all processes of a group; one that is gone already is fine. */
export function killGroup(leader: number): void {
  kill(-leader);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // A Mac says EPERM of a group in which only zombies are left.
    if (systemCode(error) !== 'ESRCH' && systemCode(error) !== 'EPERM') throw error;
  }
}

/** Processes with the mark; a zombie has none any more. */
async function findMarked(id: string): Promise<number[]> {
  const mark = `${HARNESS_MARK}=${id}`;
  const found = process.platform === 'linux' ? await fromProc(mark) : await fromPs(mark);
  return found.filter((pid) => pid !== process.pid);
}

async function fromProc(mark: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const marked = await Promise.all(
    pids.map(async (pid) => {
      // One that cannot be read has ended, or is another user's.
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      return environment.split('\0').includes(mark);
    }),
  );
  return pids.filter((_, index) => marked[index]).map(Number);
}

async function fromPs(mark: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-E', '-o', 'pid=,command='], {
    timeout: PS_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  const lines = stdout.split('\n').filter((line) => line.split(' ').includes(mark));
  return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid > 0);
}
