import { readdir, readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { ask } from './ask.ts';
import { signalProcess, waitUntilGone } from './end-process.ts';
import { unlessAborted } from './unless-aborted.ts';

const PS_TIMEOUT_MS = 5_000;
const KILL_WAIT_MS = 5_000;

/** In the environment of every command that we run, and so of its children: who ran it. */
export const OWNER_MARK = 'VZVM_OWNER';
/** In the environment of every hypervisor that we start: which guest it runs. */
export const GUEST_MARK = 'VZVM_GUEST';

/** Names this process wherever something of it may outlive it. */
export const ownerId: string = randomBytes(8).toString('hex');

/** Processes of this user whose environment has `name=value`. @throws VzvmError ABORTED; COMMAND_… of `ps`. */
export async function findMarked(
  name: string,
  value: string,
  signal?: AbortSignal,
): Promise<readonly number[]> {
  const mark = `${name}=${value}`;
  const found = process.platform === 'linux' ? await fromProc(mark) : await fromPs(mark, signal);
  return found.filter((pid) => pid !== process.pid);
}

/**
 * Ends all processes with a mark, also those that they start meanwhile; answers those that do not end.
 * @throws VzvmError ABORTED when whoever waits is cancelled; COMMAND_… of `ps`.
 */
export async function endMarked(
  name: string,
  value: string,
  signal?: AbortSignal,
): Promise<readonly number[]> {
  const stubborn = new Set<number>();
  for (;;) {
    const found = (await findMarked(name, value, signal)).filter((pid) => !stubborn.has(pid));
    if (found.length === 0) return [...stubborn];
    for (const pid of found) signalProcess(pid, 'SIGKILL');
    const ends = Promise.all(found.map((pid) => waitUntilGone(pid, KILL_WAIT_MS)));
    const gone = await unlessAborted(ends, signal, 'the end of processes');
    for (const [index, pid] of found.entries()) if (!gone[index]) stubborn.add(pid);
  }
}

async function fromProc(mark: string): Promise<number[]> {
  const entries = (await readdir('/proc')).filter((entry) => /^[0-9]+$/.test(entry));
  const found = await Promise.all(
    entries.map(async (pid) => ((await hasMark(pid, mark)) ? [Number(pid)] : [])),
  );
  return found.flat();
}

async function hasMark(pid: string, mark: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0').includes(mark);
  } catch {
    return false; // It has ended, or is another user's.
  }
}

async function fromPs(mark: string, signal: AbortSignal | undefined): Promise<number[]> {
  const said = await ask('ps', ['-axww', '-E', '-o', 'pid=,command='], {
    timeoutMs: PS_TIMEOUT_MS,
    signal,
    maxBuffer: 64 * 1024 * 1024,
  });
  return said
    .split('\n')
    .filter((line) => line.split(' ').includes(mark))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid > 0);
}
