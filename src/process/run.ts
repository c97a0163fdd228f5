import type { ChildProcess } from 'node:child_process';
import { execa } from 'execa';
import { tail, VzvmError } from '../errors.ts';
import { signalProcess } from './end-process.ts';
import { OWNER_MARK, ownerId } from './marked.ts';
import { signalHint, startHint } from './start-hint.ts';

/** How a program is run. */
export interface RunOptions {
  /** Milliseconds until it is ended: SIGTERM, then SIGKILL 5 s later. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Added to the environment of this process; undefined: taken out of it. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
  /** Standard input; none when undefined. */
  readonly input?: string | undefined;
  /** Called with each line of standard error as it is written. */
  readonly onStderrLine?: ((line: string) => void) | undefined;
  /** Called with each line of standard output as it is written. */
  readonly onStdoutLine?: ((line: string) => void) | undefined;
}

/** How a program ended. A non-zero exit is a result, not an exception. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** Bounded tail of standard error. */
  readonly stderrTail: string;
}

/**
 * Runs a program to its end: the only place that spawns a short-lived process. It runs in a process group of its own, which
 * is ended as a whole: a child that holds the output open must not outlast a deadline, nor its program.
 * @throws VzvmError TOOL_MISSING when it is not there, PERMISSION_DENIED when it may not be run, COMMAND_TIMEOUT at the
 * deadline, ABORTED when cancelled, COMMAND_FAILED when a signal ended it.
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const subprocess = execa(file, args, {
    reject: false,
    timeout: options.timeoutMs,
    forceKillAfterDelay: 5_000,
    maxBuffer: 16 * 1024 * 1024,
    ...(options.signal ? { cancelSignal: options.signal } : {}),
    env: { [OWNER_MARK]: ownerId, ...options.env },
    detached: true,
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.onStdoutLine ? { stdout: ['pipe', lines(options.onStdoutLine)] as const } : {}),
    ...(options.onStderrLine ? { stderr: ['pipe', lines(options.onStderrLine)] as const } : {}),
  } as never) as unknown as Subprocess;
  const result = await subprocess.finally(endWholeGroup(subprocess.nodeChildProcess, options));
  if (result.isCanceled || result.timedOut || result.exitCode === undefined)
    throw failureOf(file, options.timeoutMs, result);
  return {
    exitCode: result.exitCode,
    stdout: result.stdout ?? '',
    stderrTail: tail(result.stderr ?? ''),
  };
}

function failureOf(program: string, timeoutMs: number, result: ExecaOutcome): VzvmError {
  const { code, signal, cause = result } = result;
  const facts = { program };
  if (result.isCanceled) return new VzvmError('ABORTED', `${program} was cancelled`, { facts });
  if (result.timedOut)
    return new VzvmError('COMMAND_TIMEOUT', `${program} did not end within ${timeoutMs} ms`, {
      facts: { ...facts, timeoutMs },
      stderrTail: tail(result.stderr ?? ''),
      retry: 'safe',
      hint: `see whether it hangs by itself, too: ${program} --version`,
    });
  const why = { facts: { ...facts, errno: code }, hint: startHint(program, code), cause };
  if (code === 'ENOENT') return new VzvmError('TOOL_MISSING', `${program} is not installed`, why);
  if (code === 'EACCES') return new VzvmError('PERMISSION_DENIED', `${program} may not be run`, why);
  return new VzvmError('COMMAND_FAILED', `${program} was ended: ${result.shortMessage ?? 'unknown reason'}`, {
    ...why,
    facts: { ...facts, signal, errno: code },
    stderrTail: tail(result.stderr ?? ''),
    ...(signal === undefined ? {} : { hint: signalHint(program, signal) }),
  });
}

/** Leaders of the groups that run now. */
const groups = new Set<number>();

function endGroups(): void {
  for (const pid of groups) signalProcess(-pid, 'SIGKILL');
}

/** Whoever of the group outlives its leader is killed; so is all of it when this process exits. */
function endWholeGroup(leader: ChildProcess, options: RunOptions): () => void {
  const { pid } = leader;
  if (pid === undefined) return () => undefined;
  if (groups.size === 0) process.on('exit', endGroups);
  groups.add(pid);
  const terminate = () => signalProcess(-pid, 'SIGTERM');
  const timer = setTimeout(terminate, options.timeoutMs);
  options.signal?.addEventListener('abort', terminate, { once: true });
  leader.once('exit', () => signalProcess(-pid, 'SIGKILL'));
  return () => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', terminate);
    groups.delete(pid);
    if (groups.size === 0) process.removeListener('exit', endGroups);
  };
}

interface Subprocess extends Promise<ExecaOutcome> {
  readonly nodeChildProcess: ChildProcess;
}

interface ExecaOutcome {
  readonly isCanceled: boolean;
  readonly timedOut: boolean;
  readonly code?: string;
  readonly cause?: unknown;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly shortMessage?: string;
  readonly stdout?: string;
  readonly stderr?: string;
}

function lines(onLine: (line: string) => void) {
  return function* (line: unknown): Generator<unknown> {
    onLine(String(line));
    yield line;
  };
}
