import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { deferred } from '../deferred.ts';

/** What is run, and within which bounds. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Given to it on standard input; nothing when undefined. */
  readonly stdin?: string | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Bytes kept of each of its outputs; more is thrown away. Default 1 MiB. */
  readonly maxOutputBytes?: number | undefined;
}

/** How a program ended. */
export interface ProgramResult {
  /** Null when it was ended by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** True when it was ended because its time was over. */
  readonly timedOut: boolean;
  /** True when some output was thrown away. */
  readonly truncated: boolean;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;
/** How long the outputs may stay open once the program has ended: a program that it left behind may hold them. */
const DRAIN_MS = 500;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Runs a program to its end. When its time is over or the signal aborts it is ended, and in every case what it started
 * ends with it.
 * @throws the system's error when it cannot be started, the signal's reason when that is aborted.
 */
export async function runProgram(program: Program): Promise<ProgramResult> {
  program.signal?.throwIfAborted();
  const child: Child = spawn(program.command, [...program.args], {
    cwd: program.cwd,
    env: program.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    // Leads a process group, so that the group can be ended.
    detached: true,
  });
  const end = (): void => endGroup(child.pid);
  const clock = { timedOut: false };
  const timer = setTimeout(() => {
    clock.timedOut = true;
    end();
  }, program.timeoutMs);
  program.signal?.addEventListener('abort', end, { once: true });
  try {
    const result = await resultOf(child, program, end);
    program.signal?.throwIfAborted();
    return { ...result, timedOut: clock.timedOut };
  } finally {
    clearTimeout(timer);
    program.signal?.removeEventListener('abort', end);
  }
}

async function resultOf(child: Child, { stdin, maxOutputBytes }: Program, end: () => void) {
  const outputs = [child.stdout, child.stderr].map((stream) => collect(stream, maxOutputBytes));
  // A program that does not read its input has a right to.
  child.stdin.on('error', () => undefined).end(stdin ?? '');
  const exitCode = await exitOf(child);
  end();
  const give = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  // A turn later: a loop that was held up runs its timers before it reads what has been there all the time.
  const drained = setTimeout(() => setImmediate(give), DRAIN_MS);
  const [stdout, stderr] = await Promise.all(outputs);
  clearTimeout(drained);
  return {
    exitCode,
    stdout: stdout?.text ?? '',
    stderr: stderr?.text ?? '',
    truncated: stdout?.truncated === true || stderr?.truncated === true,
  };
}

function exitOf(child: Child): Promise<number | null> {
  const { promise, resolve, reject } = deferred<number | null>();
  child.once('exit', resolve);
  child.once('error', reject);
  return promise;
}

/** Reads all, keeps the beginning: an output that is not read would stop the program. */
async function collect(stream: Readable, max = MAX_OUTPUT_BYTES) {
  const { promise, resolve } = deferred<void>();
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < max) chunks.push(chunk.subarray(0, max - size));
    size += chunk.byteLength;
  });
  stream.once('close', resolve).on('error', () => undefined);
  await promise;
  return { text: Buffer.concat(chunks).toString('utf8'), truncated: size > max };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already, which is what is wanted.
  }
}
