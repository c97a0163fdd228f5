import { constants } from 'node:os';
import type { Client, ClientChannel } from 'ssh2';
import { VzvmError } from '../errors.ts';
import { connectionLost } from './bounded.ts';
import { endChannel } from './exec.ts';
import type { Streams, Tty } from './streams.ts';

/**
 * Runs a command, or a login shell, with the streams of whoever asks, to its end or until it is cancelled: then its
 * channel is closed. Answers its exit status; 128 + the signal's number when a signal ended it.
 * @throws VzvmError SSH_CLOSED when the connection broke, ABORTED when it was cancelled.
 */
export async function runWithStreams(
  client: Client,
  command: string | undefined,
  streams: Streams,
  signal?: AbortSignal,
): Promise<number> {
  const channel = await open(client, command, streams.tty);
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
    return await Promise.race([finished(channel, streams), cancelled.promise]);
  } finally {
    stopResizing?.();
    signal?.removeEventListener('abort', cancel);
    streams.stdin.unpipe(channel);
    // Whoever reads a terminal keeps the program alive.
    streams.stdin.pause();
  }
}

function open(client: Client, command: string | undefined, tty: Tty | undefined): Promise<ClientChannel> {
  const pty = tty && { term: tty.term, cols: tty.size().columns, rows: tty.size().rows };
  return new Promise((resolve, reject) => {
    const done = (error: Error | undefined, channel: ClientChannel) =>
      error ? reject(connectionLost('the start of a command', error)) : resolve(channel);
    if (command === undefined) client.shell(pty ?? false, done);
    else client.exec(command, pty ? { pty } : {}, done);
  });
}

function resize(channel: ClientChannel, tty: Tty | undefined): void {
  const size = tty?.size();
  if (size) channel.setWindow(size.rows, size.columns, 0, 0);
}

function finished(channel: ClientChannel, { stdin, stdout, stderr }: Streams): Promise<number> {
  return new Promise((resolve, reject) => {
    let status: number | undefined;
    channel.on('exit', (code: number | null, name?: string) => {
      status = code ?? 128 + ((constants.signals as Readonly<Record<string, number>>)[`${name ?? ''}`] ?? 0);
    });
    // A command that does not read its input makes writing fail; its exit status is what counts.
    channel.on('error', () => undefined);
    channel.on('close', () => {
      if (status === undefined) reject(connectionLost('a command', undefined));
      else resolve(status);
    });
    channel.pipe(stdout, { end: false });
    channel.stderr.pipe(stderr, { end: false });
    stdin.pipe(channel);
  });
}
