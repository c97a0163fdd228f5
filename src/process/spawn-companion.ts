import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { tail, VzvmError } from '../errors.ts';
import { companionHint } from './companion-hint.ts';
import { startHint } from './start-hint.ts';

const READY_TIMEOUT_MS = 15_000;
/** How long its outputs may stay open once it has ended: something that it has started may hold them. */
const DRAIN_MS = 1_000;
/** Characters of its standard error that are kept. */
const KEPT = 16_384;

/** A Node process of ours that outlives this one. */
export interface Companion {
  readonly pid: number;
  /** Resolves, never rejects, when it has exited. */
  readonly exited: Promise<void>;
  /** Lets go of it: it is told that nobody holds it any more. */
  release(): void;
  /** Waits for its end no more. */
  leave(): void;
}

/**
 * Starts a script of ours in a session of its own and waits for its first line, which says that it is there. Tied: its
 * standard input ends when we do, whatever ends us. It keeps no event loop alive, and gets of our environment only
 * what is named.
 * @throws VzvmError TOOL_MISSING, COMMAND_FAILED, COMMAND_TIMEOUT when it does not come up; then there is none.
 */
export async function spawnCompanion(
  script: string,
  args: readonly string[],
  options: { readonly env: readonly string[]; readonly tied: boolean },
): Promise<Companion> {
  const child = spawn(process.execPath, [...sourceFlags(), script, ...args], {
    detached: true,
    cwd: '/',
    stdio: [options.tied ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => options.env.includes(name))),
  });
  const end = new Promise<CompanionEnd>(
    (resolve) =>
      void child
        .once('exit', (code, signal) => resolve({ code, signal }))
        .once('error', (error) => resolve({ error })),
  );
  const [input, output, errors] = child.stdio as unknown as [Writable | null, Readable, Readable];
  input?.on('error', () => undefined); // It is gone, which `exited` tells.
  try {
    await firstLine(script, output, errors, end);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    output.destroy();
    errors.destroy();
  }
  child.unref();
  (input as { unref?: () => void } | null)?.unref?.();
  const release = () => {
    child.ref(); // From here on somebody may wait for its end.
    input?.end();
  };
  return { pid: child.pid ?? 0, exited: end.then(() => undefined), release, leave: () => child.unref() };
}

/** How one ended that did not come up. */
interface CompanionEnd {
  readonly code?: number | null;
  readonly signal?: string | null;
  /** It could not be started. */
  readonly error?: NodeJS.ErrnoException;
}

/** What our own source needs to be run as it is; nothing once it is built. */
const sourceFlags = (): string[] =>
  import.meta.url.endsWith('.ts') ? ['--conditions=source', '--no-warnings'] : [];

async function firstLine(
  script: string,
  output: Readable,
  errors: Readable,
  end: Promise<CompanionEnd>,
): Promise<void> {
  let written = '';
  errors.on('data', (chunk: Buffer) => void (written = (written + String(chunk)).slice(-KEPT)));
  const deadline = AbortSignal.timeout(READY_TIMEOUT_MS);
  try {
    const ended = end.then(async (how): Promise<never> => {
      // Its last words may still be on their way.
      if (how.error === undefined) await closed(errors, DRAIN_MS);
      throw endedEarly(script, how, written);
    });
    ended.catch(() => undefined); // Told by the race, or of no interest any more.
    await Promise.race([once(createInterface(output), 'line', { signal: deadline }), ended]);
  } catch (cause) {
    if (cause instanceof VzvmError) throw cause;
    throw new VzvmError('COMMAND_TIMEOUT', `${script} was not ready within ${READY_TIMEOUT_MS} ms`, {
      facts: { program: script, timeoutMs: READY_TIMEOUT_MS },
      hint: companionHint({ script, isLate: true, written }),
      stderrTail: tail(written),
      cause,
    });
  }
}

/** Resolves when the output has ended, or after that time with what has been in it by then. */
async function closed(output: Readable, timeoutMs: number): Promise<void> {
  if (output.closed) return;
  const over = Promise.withResolvers<void>();
  output.once('close', over.resolve);
  // A turn later: a loop that was held up runs its timers before it reads what has been there all the time.
  const timer = setTimeout(() => setImmediate(over.resolve), timeoutMs);
  await over.promise;
  clearTimeout(timer);
}

function endedEarly(script: string, { code, signal, error }: CompanionEnd, written: string): VzvmError {
  if (error)
    return new VzvmError(
      error.code === 'ENOENT' ? 'TOOL_MISSING' : 'COMMAND_FAILED',
      `${process.execPath} could not be started: ${error.message}`,
      { facts: { program: script }, hint: startHint(process.execPath, error.code), cause: error },
    );
  const how = signal ? `signal ${signal}` : `exit code ${code}`;
  return new VzvmError('COMMAND_FAILED', `${script} ended before it was ready (${how})`, {
    facts: { program: script, signal: signal ?? undefined },
    hint: companionHint({ script, isLate: false, written }),
    stderrTail: tail(written),
    ...(typeof code === 'number' ? { exitCode: code } : {}),
  });
}
