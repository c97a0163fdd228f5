import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { VzvmError } from '../errors.ts';
import { isRunning, startTimeOf } from '../process/end-process.ts';
import type { LogLine } from './driver.ts';

const POLL_MS = 200;
const owner = z.object({ pid: z.number(), startTime: z.string().optional() });

/** How a lock is taken. */
export interface LockOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly log: LogLine;
}

/**
 * Runs `work` while this process holds the lock file. A dead owner's lock is broken. Two processes that break it in the
 * same instant may both go on: what they make is put in place by a rename, so this costs time and nothing else.
 * @throws VzvmError ABORTED, COMMAND_TIMEOUT.
 */
export async function withLock<T>(
  file: string,
  options: LockOptions,
  work: (tell: LogLine) => Promise<T>,
): Promise<T> {
  const release = await acquire(file, options);
  const progress = progressOf(file);
  try {
    // Nobody waits for the last word on the disk: progress is for people, and a line that is lost costs nothing.
    return await work((line) => void writeFile(progress, line).catch(() => undefined));
  } finally {
    await rm(progress, { force: true });
    await release();
  }
}

async function acquire(file: string, options: LockOptions): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true });
  const mine = JSON.stringify({
    pid: process.pid,
    startTime: await startTimeOf(process.pid),
    id: randomUUID(),
  });
  const deadline = performance.now() + options.timeoutMs;
  let told = '';
  for (let attempt = 0; ; attempt++) {
    throwIfAborted(options.signal);
    if (await create(file, mine)) break;
    if (await isStale(file)) {
      await breakLock(file);
      continue;
    }
    if (attempt === 0) options.log('waiting for another process that prepares the same image');
    told = await repeatProgress(file, told, options.log);
    if (performance.now() >= deadline) throw lockTimeout(file, options.timeoutMs);
    await sleep(POLL_MS);
  }
  return async () => {
    const now = await readFile(file, 'utf8').catch(() => ''); // Gone: someone took us for dead, and there is nothing to free.
    if (now === mine) await rm(file, { force: true });
  };
}

const progressOf = (file: string): string => `${file}.progress`;

/** What the owner has said since, for those who wait. */
async function repeatProgress(file: string, told: string, log: LogLine): Promise<string> {
  const line = await readFile(progressOf(file), 'utf8').catch(() => ''); // Nothing said yet.
  if (line !== '' && line !== told) log(`the other process: ${line}`);
  return line;
}

/** Written aside and linked: a lock is never seen half written. */
async function create(file: string, text: string): Promise<boolean> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await writeFile(aside, text);
    await link(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function isStale(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => undefined); // Freed just now: not stale, try again.
  if (text === undefined) return false;
  const { data } = owner.safeParse(parse(text));
  if (!data || !(await isRunning(data.pid))) return true;
  const startTime = await startTimeOf(data.pid);
  return data.startTime !== undefined && startTime !== undefined && data.startTime !== startTime;
}

/** Moved aside first: of two that break it, one moves it and the other finds nothing. */
async function breakLock(file: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
    await rm(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not written by us: no owner.
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new VzvmError('ABORTED', 'waiting for an image was cancelled');
}

function lockTimeout(file: string, timeoutMs: number): VzvmError {
  return new VzvmError('COMMAND_TIMEOUT', `another process held ${file} for more than ${timeoutMs} ms`, {
    facts: { file, timeoutMs },
    hint: `end that process, or remove the lock: rm ${file}`,
    retry: 'safe',
  });
}
