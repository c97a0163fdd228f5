import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { tail, VzvmError } from '../errors.ts';
import { OWNER_MARK, ownerId } from './marked.ts';
import { startHint } from './start-hint.ts';

/**
 * The standard input and output of a program, as one stream, from the empty line on by which it says that it is ready. It
 * ends with the stream, and the stream with it.
 * @throws VzvmError DIAL_FAILED (retry "safe") where it does not get ready; ABORTED.
 */
export async function openStream(
  file: string,
  args: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<Duplex> {
  const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  if (options.signal.aborted) throw new VzvmError('ABORTED', 'the dial was cancelled');
  const child = spawn(file, args, {
    env: { ...process.env, [OWNER_MARK]: ownerId, ...options.env },
    stdio: 'pipe',
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => void (said = tail(said + String(chunk))));
  child.stdin.on('error', () => undefined); // It has ended, which the stream's end tells.
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined); // Told by the race, or of no interest any more.
  // `close`, not `exit`: what it said before its end is to be read first.
  child.once('error', ended.reject).once('close', () => ended.reject(new Error(`${file} ended`)));
  try {
    await Promise.race([greeting(child.stdout, deadline), ended.promise]);
  } catch (cause) {
    child.kill('SIGKILL');
    if (options.signal.aborted) throw new VzvmError('ABORTED', 'the dial was cancelled', { cause });
    const errno = child.pid === undefined ? (cause as NodeJS.ErrnoException).code : undefined;
    throw new VzvmError('DIAL_FAILED', `no connection through ${file}`, {
      facts: { program: file },
      hint:
        errno === undefined
          ? `see what it says by itself: ${[file, ...args.slice(0, 3)].join(' ')}`
          : startHint(file, errno),
      stderrTail: said,
      retry: 'safe',
      cause,
    });
  }
  return new ProgramStream(child);
}

/** Ends with the program, and the program with it. */
class ProgramStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams) {
    super();
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stdout.once('end', () => this.push(null));
    child.once('close', () => this.end()); // What it has said is still to be read.
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, encoding, done);
  }

  override _final(done: () => void): void {
    const { stdin } = this.#child;
    if (stdin.destroyed) done();
    else stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill('SIGKILL');
    done(error);
  }
}

/** What comes after the first line is the stream's. */
async function greeting(
  output: NodeJS.ReadableStream & { unshift(chunk: Buffer): void },
  signal: AbortSignal,
) {
  const [chunk] = (await once(output, 'data', { signal })) as [Buffer];
  output.pause();
  const end = chunk.indexOf('\n');
  if (end !== 0) throw new Error('it says what it should not');
  if (chunk.length > 1) output.unshift(chunk.subarray(1));
}
