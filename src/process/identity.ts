import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { isRunning, startTimeOf } from './end-process.ts';

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

/** The identity of a process of this machine. */
export async function identityOf(pid: number): Promise<ProcessIdentity> {
  const [startTime, here] = await Promise.all([startedAt(pid), whereabouts()]);
  return { pid, startTime, ...here };
}

/** Looks a process up again. Only `gone` allows anybody to take what it owned. */
export async function fateOf(process: ProcessIdentity): Promise<Fate> {
  const here = await whereabouts();
  if (process.machine !== here.machine) return 'unknown';
  if (process.bootId !== here.bootId) return 'gone';
  if (process.namespace !== here.namespace) return 'unknown';
  if (!(await isRunning(process.pid))) return 'gone';
  const startTime = await startedAt(process.pid);
  return startTime === undefined || process.startTime === undefined || startTime === process.startTime
    ? 'runs'
    : 'gone';
}

type Whereabouts = Omit<ProcessIdentity, 'pid' | 'startTime'>;

let known: Promise<Whereabouts> | undefined;

/** None of it changes while we run. */
function whereabouts(): Promise<Whereabouts> {
  known ??= lookAround();
  return known;
}

async function lookAround(): Promise<Whereabouts> {
  const [machine, bootId, namespace] = await Promise.all([
    text('/etc/machine-id'),
    process.platform === 'linux' ? text('/proc/sys/kernel/random/boot_id') : sysctl('kern.bootsessionuuid'),
    readlink('/proc/self/ns/pid').catch(() => undefined), // Where there are no namespaces there is one.
  ]);
  return { machine: machine ?? hostname(), bootId, namespace };
}

async function startedAt(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? startTimeOf(pid) : answer('ps', ['-o', 'lstart=', '-p', String(pid)]);
}

const sysctl = (name: string): Promise<string | undefined> => answer('sysctl', ['-n', name]);

async function answer(file: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(file, args, {
      timeout: ASK_TIMEOUT_MS,
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' }, // Two who ask must be told the same.
    });
    return stdout.trim() || undefined;
  } catch {
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
