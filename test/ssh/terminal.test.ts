import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSsh, type SshConnection, type Tty } from '../../src/ssh/index.ts';
import { startScriptedSshd } from '../helpers/scripted-sshd.ts';
import { startSshd, type Sshd } from '../helpers/sshd.ts';

let sshd: Sshd;
let connection: SshConnection;

beforeAll(async () => {
  sshd = await startSshd();
  connection = await connectSsh({
    dial: () => sshd.dial(),
    user: sshd.user,
    auth: { privateKey: sshd.privateKey },
    signal: new AbortController().signal,
  });
});
afterAll(async () => {
  await connection.close();
  await sshd[Symbol.asyncDispose]();
});

const newStreams = () => ({ stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() });

/** All that a stream has been given, once nobody writes to it any more. */
function ended(stream: PassThrough): Promise<string> {
  stream.end();
  return text(stream);
}

describe('a command with the streams of whoever asks', () => {
  it('reads and writes them, and its exit status is the answer', async () => {
    const streams = newStreams();
    streams.stdin.end('in');
    expect(await connection.run('cat; echo err >&2; exit 7', streams)).toBe(7);
    expect(await ended(streams.stdout)).toBe('in');
    expect(await ended(streams.stderr)).toBe('err\n');
  });

  it('counts a signal as shells do', async () => {
    expect(await connection.run('kill -TERM $$', newStreams())).toBe(143);
  });

  it('has a terminal of its own where they are one, whose size follows', async () => {
    let size = { columns: 91, rows: 17 };
    let resized = () => {};
    const tty: Tty = {
      term: 'vt100',
      size: () => size,
      onResize: (listener) => {
        resized = listener;
        return () => void (resized = () => {});
      },
    };
    const streams = { ...newStreams(), tty };
    const running = connection.run(
      'trap "stty size; exit" WINCH; echo $TERM; stty size; while :; do sleep 0.05; done',
      streams,
    );
    let seen = '';
    streams.stdout.on('data', (chunk) => {
      seen += String(chunk).replaceAll('\r', '');
      if (!seen.includes('17 91\n') || size.rows !== 17) return;
      size = { columns: 20, rows: 10 };
      resized();
    });
    expect(await running).toBe(0);
    expect(seen).toBe('vt100\n17 91\n10 20\n');
  });

  it('is a login shell where there is no command', async () => {
    const streams = newStreams();
    streams.stdin.end('echo "shell $((40 + 2))"; exit 3\n');
    expect(await connection.run(undefined, streams)).toBe(3);
    expect(await ended(streams.stdout)).toContain('shell 42');
  });

  it('is known to have ended also when that is told with its start', async () => {
    await using server = await startScriptedSshd({
      onExec: (channel) => {
        channel.exit(7);
        channel.end();
      },
    });
    const own = await server.connect();
    expect(await own.run('exit 7', newStreams())).toBe(7);
    await own.close();
  });

  it('is ended when it is cancelled', async () => {
    const cancel = new AbortController();
    const streams = newStreams();
    streams.stdout.once('data', () => cancel.abort());
    const running = connection.run('echo up; sleep 1000', streams, cancel.signal);
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
