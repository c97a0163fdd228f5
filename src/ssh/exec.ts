import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { messageOf, tail, VzvmError } from '../errors.ts';
import { bounded, connectionLost } from './bounded.ts';
import { Output } from './output.ts';

const MOST_STDOUT = 8 * 1024 * 1024;
const MOST_STDERR = 64 * 1024;
/** How long an ended command's channel may take to close. */
const CLOSE_MS = 2_000;

/** How a command is run in the guest. */
export interface ExecOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Standard input; without it the command reads the end at once. */
  readonly input?: string | Readable | undefined;
  /** Called with each line of standard output and standard error as it arrives. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** How a command ended. A non-zero exit is a result, not an exception. */
export interface ExecResult {
  /** The exit status; 128 + the signal's number when a signal ended the command. */
  readonly exitCode: number;
  /** The last 8 MiB of standard output. */
  readonly stdout: string;
  readonly stderrTail: string;
}

/** Runs one command on a channel of its own; the channel is closed, whatever happens, before this settles. */
export async function exec(client: Client, command: string, options: ExecOptions): Promise<ExecResult> {
  const started = performance.now();
  const late = () =>
    new VzvmError('COMMAND_TIMEOUT', `a command in the guest did not end within ${options.timeoutMs} ms`, {
      facts: { timeoutMs: options.timeoutMs },
      retry: 'safe',
      hint: 'see what the guest is busy with: npx vzvm ls, then npx vzvm exec NAME -- ps aux',
    });
  const limits = { what: 'a command in the guest', signal: options.signal, late };
  const opening = openChannel(client, command);
  try {
    const opened = await bounded(opening, { ...limits, timeoutMs: options.timeoutMs });
    const left = Math.max(1, options.timeoutMs - (performance.now() - started));
    return await bounded(collect(opened, options), { ...limits, timeoutMs: left });
  } finally {
    if (typeof options.input === 'object') options.input.destroy();
    // Also the channel that opens only after the deadline.
    await bounded(
      opening.then(
        ({ channel }) => endChannel(channel),
        () => undefined,
      ),
      {
        what: 'the channel to close',
        timeoutMs: CLOSE_MS,
        late: () => connectionLost('the end of a command', undefined),
      },
    ).catch(() => undefined);
  }
}

interface Exit {
  readonly code: number | null;
  readonly signal?: string | undefined;
}

interface Opened {
  readonly channel: ClientChannel;
  /** How the command ended; undefined while that is not known. */
  readonly exit: () => Exit | undefined;
}

function openChannel(client: Client, command: string): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) =>
      reject(isRefusal(cause) ? refused(cause) : connectionLost('the start of a command', cause));
    try {
      client.exec(command, (error, channel) => {
        if (error) return failed(error);
        let exit: Exit | undefined;
        // Not a turn later: the exit of a short command comes in the packet that opened the channel.
        channel.on('exit', (code: number | null, signal?: string) => (exit = { code, signal }));
        resolve({ channel, exit: () => exit });
      });
    } catch (error) {
      failed(error);
    }
  });
}

/** The server answered, and said no: it does for the eleventh channel (MaxSessions), or where it cannot fork. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof Error && 'reason' in cause && typeof cause.reason === 'number';
}

function refused(cause: unknown): VzvmError {
  return new VzvmError(
    'COMMAND_FAILED',
    `sshd in the guest refused to start a command: ${messageOf(cause)}`,
    {
      retry: 'safe',
      hint: "run fewer commands at once, or raise MaxSessions in the image's sshd_config",
      cause,
    },
  );
}

/** Resolves once the exit is known and both outputs are drained. */
function collect({ channel, exit: exitOf }: Opened, options: ExecOptions): Promise<ExecResult> {
  const stdout = new Output(MOST_STDOUT, options.onLine);
  const stderr = new Output(MOST_STDERR, options.onLine);
  return new Promise((resolve, reject) => {
    const orReject = (work: () => void) => {
      try {
        work();
      } catch (error) {
        reject(error);
      }
    };
    let open = 2;
    const onClose = () => {
      open -= 1;
      if (open > 0) return;
      const exit = exitOf();
      if (!exit) return reject(connectionLost('a command', undefined));
      const { code, signal } = exit;
      const exitCode = code ?? 128 + signalNumber(signal);
      orReject(() => resolve({ exitCode, stdout: stdout.end(), stderrTail: tail(stderr.end()) }));
    };
    channel.on('data', (chunk: Buffer) => orReject(() => stdout.write(chunk))).on('close', onClose);
    channel.stderr.on('data', (chunk: Buffer) => orReject(() => stderr.write(chunk))).on('close', onClose);
    // A command that ends without reading all its input makes writing fail; its exit code is what counts.
    channel.on('error', () => undefined);
    feed(channel, options.input, reject);
  });
}

function feed(
  channel: ClientChannel,
  input: string | Readable | undefined,
  reject: (error: unknown) => void,
): void {
  if (input === undefined) channel.end();
  else if (typeof input === 'string') channel.end(input);
  else input.on('error', reject).pipe(channel);
}

function signalNumber(name: string | undefined): number {
  const known: Readonly<Record<string, number>> = constants.signals;
  return known[name ?? ''] ?? 0;
}

/** Ends the command if it still runs, and waits until the channel is closed. */
export async function endChannel(channel: ClientChannel): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (isClosed(channel)) return;
  channel.once('close', resolve);
  channel.resume();
  terminate(channel);
  channel.close();
  await promise;
}

interface Internals {
  readonly incoming: { readonly state: string };
  readonly outgoing: { readonly id: number };
  readonly _client?: { readonly _protocol?: { signal?(id: number, name: string): void } };
}

function isClosed(channel: ClientChannel): boolean {
  return (channel as unknown as Internals).incoming.state === 'closed';
}

/**
 * Closing a channel does not end its command. ssh2's own `signal()` says nothing once the input has ended,
 * so the request is sent a floor below. OpenSSH passes it to the command's process group, except for logins as root:
 * there the command goes on until it next writes.
 */
function terminate(channel: ClientChannel): void {
  const { outgoing, _client } = channel as unknown as Internals;
  _client?._protocol?.signal?.(outgoing.id, 'TERM');
}
