import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSsh, type SshConnection } from '../../src/ssh/index.ts';
import { isRunning } from '../helpers/processes.ts';
import { startScriptedSshd } from '../helpers/scripted-sshd.ts';
import { startSshd, type Sshd } from '../helpers/sshd.ts';
import { until } from '../helpers/until.ts';

let sshd: Sshd;
let connection: SshConnection;

const login = (server: Sshd) => ({
  user: server.user,
  auth: { privateKey: server.privateKey },
  signal: new AbortController().signal,
});
const open = () => connectSsh({ ...login(sshd), dial: () => sshd.dial() });

beforeAll(async () => {
  sshd = await startSshd();
  connection = await open();
});
afterAll(async () => {
  await connection.close();
  await sshd[Symbol.asyncDispose]();
});

const timeoutMs = 30_000;

describe('exec', () => {
  it('answers output, error output and the exit code, which is a result when it is not zero', async () => {
    const result = await connection.exec('echo out; echo err >&2; exit 7', { timeoutMs });
    expect(result).toEqual({ exitCode: 7, stdout: 'out\n', stderrTail: 'err' });
  });

  it('knows the exit of a command that has ended before anybody could look', async () => {
    await using server = await startScriptedSshd({
      onExec: (channel) => {
        channel.write('out');
        channel.stderr.write('err');
        channel.exit(3);
        channel.end();
      },
    });
    const quick = await server.connect();
    const result = await quick.exec('true', { timeoutMs, input: 'unread' });
    expect(result).toEqual({ exitCode: 3, stdout: 'out', stderrTail: 'err' });
    await quick.close();
  });

  it('counts a signal as shells do', async () => {
    await expect(connection.exec('kill -KILL $$', { timeoutMs })).resolves.toMatchObject({ exitCode: 137 });
  });

  it('gives text and streams as standard input, and the end of it where there is none', async () => {
    await expect(connection.exec('cat', { timeoutMs, input: 'ünï\n' })).resolves.toMatchObject({
      stdout: 'ünï\n',
    });
    const input = Readable.from([Buffer.alloc(3_000_000, 'x')]);
    await expect(connection.exec('wc -c', { timeoutMs, input })).resolves.toMatchObject({
      stdout: '3000000\n',
    });
    await expect(connection.exec('cat; echo end', { timeoutMs })).resolves.toMatchObject({ stdout: 'end\n' });
  });

  it('drains all output before it reports the exit, and keeps the end of what is too long', async () => {
    const whole = await connection.exec('seq 300000', { timeoutMs });
    expect(whole.stdout.length).toBe(1_988_895);
    const cut = await connection.exec('head -c 12000000 /dev/zero | tr "\\0" a; echo END', { timeoutMs });
    expect(cut.stdout.length).toBe(8 * 1024 * 1024);
    expect(cut.stdout.endsWith('aEND\n')).toBe(true);
    const loud = await connection.exec('seq 100000 >&2; exit 1', { timeoutMs });
    expect(loud.stderrTail.length).toBeLessThanOrEqual(4096);
    expect(loud.stderrTail.endsWith('\n100000')).toBe(true);
  });

  it('hands lines on as they are written, before the command ends', async () => {
    const lines: string[] = [];
    const input = new Readable({ read: () => undefined });
    const running = connection.exec('echo first; read answer; printf "got $answer"', {
      timeoutMs,
      input,
      onLine: (line) => {
        lines.push(line);
        if (line === 'first') input.push('it\n');
      },
    });
    await running;
    expect(lines).toEqual(['first', 'got it']);
  });

  it('rejects with what a listener of lines throws', async () => {
    const onLine = () => {
      throw new Error('listener broke');
    };
    await expect(
      connection.exec('while :; do echo x; sleep 0.02; done', { timeoutMs, onLine }),
    ).rejects.toThrow('listener broke');
  });

  it.each([
    ['deadline', 'COMMAND_TIMEOUT'],
    ['abort', 'ABORTED'],
  ])('closes the channel at the %s, so that the command ends with its next word', async (how, code) => {
    let pid = 0;
    // A busy machine may reach the deadline before the command's first word: then it is given longer.
    for (let deadlineMs = 400; pid === 0; deadlineMs *= 2) {
      const abort = new AbortController();
      const running = connection.exec('echo $$; while :; do echo more; sleep 0.02; done', {
        timeoutMs: how === 'deadline' ? deadlineMs : timeoutMs,
        signal: abort.signal,
        onLine: (line) => {
          if (line !== 'more') pid = Number(line);
          if (how === 'abort') abort.abort();
        },
      });
      await expect(running).rejects.toMatchObject({ code });
    }
    await until('the command is gone', () => !isRunning(pid));
    await expect(connection.exec('echo still here', { timeoutMs })).resolves.toMatchObject({ exitCode: 0 });
  });

  it('asks the server to end the command, also after its input has ended', async () => {
    await using server = await startSshd('LogLevel DEBUG1\n');
    const own = await connectSsh({ ...login(server), dial: () => server.dial() });
    const abort = new AbortController();
    const options = { timeoutMs, signal: abort.signal, onLine: () => abort.abort() };
    await expect(own.exec('echo up; while sleep 0.05; do echo; done', options)).rejects.toMatchObject({
      code: 'ABORTED',
    });
    await own.close();
    // OpenSSH carries it out for every user but root, so the log is asked and not the process.
    await until('the request arrives', async () => (await server.log()).includes('request signal reply 0'));
  });

  it('tells a server that refuses one more command from a connection that is lost', async () => {
    const own = await open();
    const inputs = Array.from({ length: 10 }, () => new Readable({ read: () => undefined }));
    const started = Promise.withResolvers<void>();
    let up = 0;
    const onLine = () => void ((up += 1) === 10 && started.resolve());
    const held = inputs.map((input) => own.exec('echo up; cat', { timeoutMs, input, onLine }));
    await started.promise;
    await expect(own.exec('true', { timeoutMs })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      retry: 'safe',
    });
    for (const input of inputs) input.push(null);
    expect((await Promise.all(held)).map((result) => result.exitCode)).toEqual(Array(10).fill(0));
    await own.close();
  });

  it('does not start a command that is cancelled already', async () => {
    await expect(connection.exec('echo x', { timeoutMs, signal: AbortSignal.abort() })).rejects.toMatchObject(
      {
        code: 'ABORTED',
      },
    );
  });

  it('runs many commands at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => connection.exec(`echo ${i}`, { timeoutMs })),
    );
    expect(results.map((result) => result.stdout.trim())).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  it('says that the connection was lost when the server dies under a command', async () => {
    const before = new Set(sshd.sessions());
    const doomed = await open();
    const [login] = sshd.sessions().filter((pid) => !before.has(pid));
    const running = doomed.exec('echo up; cat', {
      timeoutMs,
      input: new Readable({ read: () => undefined }),
      onLine: () => process.kill(login ?? Number.NaN, 'SIGKILL'),
    });
    await expect(running).rejects.toMatchObject({ code: 'SSH_CLOSED', retry: 'safe' });
    await doomed.closed;
    await expect(doomed.exec('true', { timeoutMs })).rejects.toMatchObject({ code: 'SSH_CLOSED' });
    await expect(doomed.forwardOut(1, new AbortController().signal)).rejects.toMatchObject({
      code: 'SSH_CLOSED',
    });
  });

  it('ends running commands when the connection is closed, and leaves no login behind', async () => {
    // Logins of the tests before may still be on their way out.
    const before = new Set(sshd.sessions());
    const own = await open();
    const logins = sshd.sessions().filter((pid) => !before.has(pid));
    expect(logins).not.toEqual([]);
    const started = Promise.withResolvers<void>();
    const running = own.exec('echo up; cat', {
      timeoutMs,
      input: new Readable({ read: () => undefined }),
      onLine: () => started.resolve(),
    });
    const outcome = running.catch((error: unknown) => error);
    await started.promise;
    await own.close();
    await expect(outcome).resolves.toMatchObject({ code: 'SSH_CLOSED' });
    await until('the login has ended', () => !logins.some(isRunning));
  });
});
