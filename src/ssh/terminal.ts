import { constants } from 'node:os';
import type { Client, ClientChannel } from 'ssh2';
import { VzvmError } from '../errors.ts';
import { bounded, connectionLost } from './bounded.ts';
import { endChannel } from './exec.ts';
import type { Streams, Tty } from './streams.ts';

const OPEN_MS = 30_000;

/**
 * Runs a command, or a login shell, with the streams of whoever asks, to its end or until it is cancelled: then its
 * channel is closed. Answers its exit status; 128 + the signal's number when a signal ended it.
 * @throws VzvmError SSH_CLOSED when the connection broke, COMMAND_TIMEOUT when it did not start, ABORTED when it was
 * cancelled.
 */
export async function runWithStreams(
  client: Client,
  command: string | undefined,
  streams: Streams,
  signal?: AbortSignal,
): Promise<number> {
  const opened = await openInTime(client, command, streams.tty, signal);
  const { channel } = opened;
  const cancelled = Promise.withResolvers<never>();
  const cancel = () => {
    cancelled.reject(new VzvmError('ABORTED', 'the command was cancelled', { cause: signal?.reason }));
    void endChannel(channel);
  };
  cancelled.promise.catch(() => undefined); // Told by the race below.
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  const stopResizing = streams.tty?.onResize(() => resize(channel, streams.tty));
  try {
    return await Promise.race([finished(opened, streams), cancelled.promise]);
  } finally {
    stopResizing?.();
    signal?.removeEventListener('abort', cancel);
    streams.stdin.unpipe(channel);
    // Whoever reads a terminal keeps the program alive.
    streams.stdin.pause();
  }
}

interface Opened {
  readonly channel: ClientChannel;
  /** Undefined while it is not known. */
  readonly status: () => number | undefined;
}

/** An sshd that has stopped answering may say nothing for as long as its connection lasts. */
async function openInTime(
  client: Client,
  command: string | undefined,
  tty: Tty | undefined,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  const late = () =>
    new VzvmError('COMMAND_TIMEOUT', `the guest did not start a command within ${OPEN_MS} ms`, {
      facts: { timeoutMs: OPEN_MS },
      retry: 'safe',
      hint: 'see what the guest is busy with on its console: npx vzvm logs NAME',
    });
  const opening = open(client, command, tty);
  try {
    return await bounded(opening, { what: 'the start of a command', timeoutMs: OPEN_MS, signal, late });
  } catch (error) {
    opening.then(({ channel }) => endChannel(channel)).catch(() => undefined);
    throw error;
  }
}

function open(client: Client, command: string | undefined, tty: Tty | undefined): Promise<Opened> {
  const pty = tty && { term: tty.term, cols: tty.size().columns, rows: tty.size().rows };
  return new Promise((resolve, reject) => {
    const done = (error: Error | undefined, channel: ClientChannel) => {
      if (error) return reject(connectionLost('the start of a command', error));
      let status: number | undefined;
      // Not a turn later: the exit of a short command comes in the packet that opened the channel.
      channel.on('exit', (code: number | null, name?: string) => {
        status = code ?? 128 + ((constants.signals as Readonly<Record<string, number>>)[name ?? ''] ?? 0);
      });
      resolve({ channel, status: () => status });
    };
    if (command === undefined) client.shell(pty ?? false, done);
    else client.exec(command, pty ? { pty } : {}, done);
  });
}

function resize(channel: ClientChannel, tty: Tty | undefined): void {
  const size = tty?.size();
  if (size) channel.setWindow(size.rows, size.columns, 0, 0);
}

function finished({ channel, status }: Opened, { stdin, stdout, stderr }: Streams): Promise<number> {
  return new Promise((resolve, reject) => {
    // A command that does not read its input makes writing fail; its exit status is what counts.
    channel.on('error', () => undefined);
    channel.on('close', () => {
      const known = status();
      if (known === undefined) reject(connectionLost('a command', undefined));
      else resolve(known);
    });
    channel.pipe(stdout, { end: false });
    channel.stderr.pipe(stderr, { end: false });
    stdin.pipe(channel);
  });
}
