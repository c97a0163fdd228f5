import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ask } from './ask.ts';
import { isRunning, startTimeOf } from './end-process.ts';
import { unlessAborted } from './unless-aborted.ts';

const ASK_TIMEOUT_MS = 2_000;

/** Tells one process from every other: of this boot, of other boots, of other machines that share our folders. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own words: a reused process id is told from the original. */
  readonly startTime?: string | undefined;
  /** The boot of the machine that it runs in. */
  readonly bootId?: string | undefined;
  /** The machine. */
  readonly machine: string;
  /** Linux's process namespace: process ids of another one mean nothing here. */
  readonly namespace?: string | undefined;
}

/** What has become of a process. `unknown`: it is of another machine or container, and nobody here can tell. */
export type Fate = 'runs' | 'gone' | 'unknown';

/** The identity of a process of this machine. @throws VzvmError ABORTED. */
export async function identityOf(pid: number, signal?: AbortSignal): Promise<ProcessIdentity> {
  const [startTime, here] = await Promise.all([startedAt(pid, signal), whereabouts(signal)]);
  return { pid, startTime, ...here };
}

/** Looks a process up again. Only `gone` allows anybody to take what it owned. @throws VzvmError ABORTED. */
export async function fateOf(process: ProcessIdentity, signal?: AbortSignal): Promise<Fate> {
  const here = await whereabouts(signal);
  if (process.machine !== here.machine) return 'unknown';
  if (isOther(process.bootId, here.bootId)) return 'gone';
  if (process.namespace !== here.namespace) return 'unknown';
  if (!(await isRunning(process.pid))) return 'gone';
  return isOther(process.startTime, await startedAt(process.pid, signal)) ? 'gone' : 'runs';
}

/** What is not known decides nothing. */
const isOther = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other;

type Whereabouts = Omit<ProcessIdentity, 'pid' | 'startTime'>;

let known: Promise<Whereabouts> | undefined;

/** None of it changes while we run. What a busy machine did not tell is asked for again. */
function whereabouts(signal: AbortSignal | undefined): Promise<Whereabouts> {
  known ??= lookAround().then((here) => {
    if (here.bootId === undefined) known = undefined;
    return here;
  });
  return unlessAborted(known, signal, 'the look at this machine');
}

async function lookAround(): Promise<Whereabouts> {
  const [machine, bootId, namespace] = await Promise.all([
    text('/etc/machine-id'),
    process.platform === 'linux' ? text('/proc/sys/kernel/random/boot_id') : sysctl('kern.bootsessionuuid'),
    readlink('/proc/self/ns/pid').catch(() => undefined), // Where there are no namespaces there is one.
  ]);
  return { machine: machine ?? hostname(), bootId, namespace };
}

async function startedAt(pid: number, signal: AbortSignal | undefined): Promise<string | undefined> {
  if (process.platform === 'linux') return startTimeOf(pid);
  return answer('ps', ['-o', 'lstart=', '-p', String(pid)], signal);
}

const sysctl = (name: string): Promise<string | undefined> => answer('sysctl', ['-n', name]);

async function answer(
  file: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }; // Two who ask must be told the same.
    return (await ask(file, args, { timeoutMs: ASK_TIMEOUT_MS, signal, env })).trim() || undefined;
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined; // What is not known decides nothing.
  }
}

async function text(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch {
    return undefined;
  }
}
