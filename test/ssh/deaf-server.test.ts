import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SshConnection } from '../../src/ssh/index.ts';
import { type ScriptedSshd, startScriptedSshd } from '../helpers/scripted-sshd.ts';
import { until } from '../helpers/until.ts';

const streams = () => ({ stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() });

type Ask = (connection: SshConnection, signal: AbortSignal) => Promise<unknown>;

/** All that a connection is asked for, and what it is when nobody answers in time. */
const asks: readonly (readonly [string, Ask, string])[] = [
  ['a command', (it, signal) => it.exec('true', { timeoutMs: 30_000, signal }), 'COMMAND_TIMEOUT'],
  ['a command with streams', (it, signal) => it.run('true', streams(), signal), 'COMMAND_TIMEOUT'],
  ['a shell', (it, signal) => it.run(undefined, streams(), signal), 'COMMAND_TIMEOUT'],
  ['a port of the guest', (it, signal) => it.forwardOut(1, signal), 'DIAL_FAILED'],
  ['a listener in the guest', (it, signal) => it.forwardReverse({ hostPort: 1 }, signal), 'PORT_TAKEN'],
];

describe('a server that says nothing once somebody is logged in', () => {
  let sshd: ScriptedSshd;
  let connection: SshConnection;
  const asked: string[] = [];

  beforeEach(async () => {
    asked.length = 0;
    sshd = await startScriptedSshd({ onDeaf: (what) => asked.push(what) });
    connection = await sshd.connect();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await connection.close();
    await sshd[Symbol.asyncDispose]();
  });

  it.each(asks)('is not waited for by who is cancelled: %s', async (_, ask) => {
    const cancelling = new AbortController();
    const done = ask(connection, cancelling.signal);
    done.catch(() => undefined);
    await until('it has heard', () => asked.length > 0);
    cancelling.abort();
    await expect(done).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each(asks)('is not waited for without end: %s', async (_, ask, code) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const done = ask(connection, new AbortController().signal);
    done.catch(() => undefined);
    // To the deadline, and to that of what is put away then.
    for (const ms of [30_000, 5_000]) await vi.advanceTimersByTimeAsync(ms);
    vi.useRealTimers();
    await expect(done).rejects.toMatchObject({ code });
  });
});
