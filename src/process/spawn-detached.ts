import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { tail, VzvmError } from '../errors.ts';
import { GUEST_MARK, OWNER_MARK } from './marked.ts';
import { startHint } from './start-hint.ts';

const TAIL_BYTES = 16 * 1024;
/** Where an input file is read. */
export const INPUT_FD = 3;
const INPUT_CHUNK = 256 * 1024;

/** How a long-running process ended. */
export interface ProcessReport {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines it wrote, bounded. */
  readonly stderrTail: string;
}

/** A long-running process with its output in a file. */
export interface DetachedProcess {
  readonly pid: number;
  /** Resolves, never rejects, when it has exited. */
  readonly exited: Promise<ProcessReport>;
  /** Signals it; one that is gone already is fine. */
  kill(signal: NodeJS.Signals): void;
  /** Lets this program end although it runs on. */
  readonly unref: () => void;
}

/**
 * Starts a long-running process in a process group of its own, so that a Ctrl-C meant for us is not its end, with its
 * output in a file, so that no pipe of ours can block it.
 * @throws VzvmError TOOL_MISSING, PERMISSION_DENIED or BOOT_FAILED when it cannot be started.
 */
export async function spawnDetached(
  file: string,
  args: readonly string[],
  options: {
    readonly logFile: string;
    /** Added to the environment of this process; undefined: taken out of it. */
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly cwd?: string;
    /** The guest that it runs: it can be found by that, whoever looks. */
    readonly guest?: string;
    /** A file that it reads as its file descriptor 3, through a pipe. */
    readonly inputFile?: string | undefined;
  },
): Promise<DetachedProcess> {
  const log = await open(options.logFile, 'a', 0o600);
  const { inputFile } = options;
  try {
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd, ...(inputFile === undefined ? [] : ['pipe' as const])],
      env: environment(options),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    // `exit`, not `close`: a grandchild that holds the output open must not keep the guest looking alive.
    const exited = new Promise<ProcessReport>((resolve) => {
      child.once('exit', (code, signal) => {
        void readTail(options.logFile).then((stderrTail) => resolve({ code, signal, stderrTail }));
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(spawnError(file, error)));
    });
    if (inputFile !== undefined) feed(inputFile, child.stdio[INPUT_FD] as Writable);
    const { pid } = child;
    // A made-up id could be read as "every process" by kill(2).
    if (pid === undefined) throw new VzvmError('INTERNAL', `${file} was started without a process id`);
    return { pid, exited, kill: (signal) => void child.kill(signal), unref: () => child.unref() };
  } finally {
    await log.close();
  }
}

/** Without the mark of whoever runs us: what outlives us is not theirs to end. */
function environment({ env, guest }: { env?: Readonly<Record<string, string | undefined>>; guest?: string }) {
  const { [OWNER_MARK]: _, ...inherited } = process.env;
  return { ...inherited, ...env, ...(guest === undefined ? {} : { [GUEST_MARK]: guest }) };
}

/** An input that ends early is for its reader to tell of. */
function feed(file: string, to: Writable): void {
  to.on('error', () => undefined).once('finish', () => to.destroy());
  createReadStream(file, { highWaterMark: INPUT_CHUNK })
    .on('error', () => to.destroy())
    .pipe(to);
}

/** The end of a log file; empty when there is none. Reads no more than it needs: a console may grow large. */
export async function readTail(file: string): Promise<string> {
  try {
    const log = await open(file, 'r');
    try {
      const { size } = await log.stat();
      const start = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await log.read(Buffer.alloc(size - start), { position: start });
      return tail(buffer.toString('utf8', 0, bytesRead));
    } finally {
      await log.close();
    }
  } catch {
    return ''; // No file is no output: the caller's own error says what happened.
  }
}

function spawnError(file: string, cause: NodeJS.ErrnoException): VzvmError {
  const code =
    cause.code === 'ENOENT' ? 'TOOL_MISSING' : cause.code === 'EACCES' ? 'PERMISSION_DENIED' : 'BOOT_FAILED';
  return new VzvmError(code, `${file} could not be started: ${cause.message}`, {
    facts: { program: file, errno: cause.code },
    hint: startHint(file, cause.code),
    cause,
  });
}
