import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { VzvmError } from '../errors.ts';
import { startHint } from './start-hint.ts';

/** How a small program of the system is asked. */
export interface AskOptions {
  /** Milliseconds until it is killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** All of its environment. @defaultValue the one of this process */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Bytes that it may say. @defaultValue 1 MiB */
  readonly maxBuffer?: number | undefined;
}

/**
 * What a small program of the system says, such as `ps`. It is killed at the deadline and when it is cancelled, and its end
 * is not waited for: one that the kernel holds up has none.
 * @throws VzvmError ABORTED when cancelled, COMMAND_TIMEOUT at the deadline, TOOL_MISSING where it is not, COMMAND_FAILED.
 */
export async function ask(file: string, args: readonly string[], options: AskOptions): Promise<string> {
  const { timeoutMs, signal, ...rest } = options;
  const cancelled = () =>
    new VzvmError('ABORTED', `${file} was cancelled`, { facts: { program: file }, cause: signal?.reason });
  if (signal?.aborted) throw cancelled();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  const ended = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  const asked = promisify(execFile)(file, args, { ...rest, signal: ended });
  try {
    return (await asked).stdout;
  } catch (cause) {
    // The signal has only asked it to end.
    asked.child.kill('SIGKILL');
    asked.child.unref();
    if (signal?.aborted) throw cancelled();
    throw failureOf(file, deadline.signal.aborted ? timeoutMs : undefined, cause);
  } finally {
    clearTimeout(timer);
  }
}

function failureOf(program: string, timeoutMs: number | undefined, cause: unknown): VzvmError {
  if (timeoutMs !== undefined)
    return new VzvmError('COMMAND_TIMEOUT', `${program} did not answer within ${timeoutMs} ms`, {
      facts: { program, timeoutMs },
      retry: 'safe',
      hint: `see whether it hangs by itself, too: ${program}`,
    });
  const { code, message } = cause as { readonly code?: string | number; readonly message: string };
  const errno = typeof code === 'string' ? code : undefined;
  return new VzvmError(errno === 'ENOENT' ? 'TOOL_MISSING' : 'COMMAND_FAILED', message, {
    facts: { program, errno },
    ...(typeof code === 'number' ? { exitCode: code } : {}),
    hint: startHint(program, errno),
    cause,
  });
}
