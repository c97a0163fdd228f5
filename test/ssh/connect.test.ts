import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Readable, type Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSsh, generateKeyPair } from '../../src/ssh/index.ts';
import { startScriptedSshd } from '../helpers/scripted-sshd.ts';
import { startSshd, type Sshd } from '../helpers/sshd.ts';

let sshd: Sshd;
beforeAll(async () => void (sshd = await startSshd()));
afterAll(() => sshd[Symbol.asyncDispose]());

const never = new AbortController().signal;
const login = () => ({ user: sshd.user, auth: { privateKey: sshd.privateKey }, signal: never });

/** A server that accepts and says what it is told; proves that the client let go of it. */
async function talker(say: string) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    if (say !== '') socket.write(say);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    sockets,
    dial: async (): Promise<Duplex> => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      // Not destroyed here: `close` comes only when the client itself has ended its connections.
      server.close();
      for (const socket of sockets) socket.resume();
      await once(server, 'close');
    },
  };
}

/** The real sshd behind a proxy that swallows everything once told to: what a paused or killed VM looks like. */
async function pausable() {
  let paused = false;
  const sockets: Socket[] = [];
  // Half-open: a guest that is gone does not answer a goodbye either.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('end', () => paused || socket.end());
    void sshd.dial().then((real) => {
      socket.on('data', (chunk: Buffer) => paused || real.write(chunk)).on('error', () => undefined);
      real.on('data', (chunk: Buffer) => paused || socket.write(chunk));
      socket.on('close', () => real.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    pause: () => void (paused = true),
    dial: async (): Promise<Duplex> => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('connectSsh', () => {
  it('logs in with a key, and answers the host key as ssh-keygen prints it', async () => {
    const connection = await connectSsh({ ...login(), dial: () => sshd.dial() });
    expect(connection.hostKey).toBe(sshd.hostKey);
    expect(connection.hostKey).toMatch(/^SHA256:[\w+/]{43}$/);
    await connection.close();
    await connection.closed;
  });

  it('accepts the pinned host key, and refuses every other', async () => {
    const connection = await connectSsh({ ...login(), dial: () => sshd.dial(), pinnedHostKey: sshd.hostKey });
    await connection.close();
    const other = connectSsh({ ...login(), dial: () => sshd.dial(), pinnedHostKey: 'SHA256:other' });
    await expect(other).rejects.toMatchObject({
      code: 'SSH_HOST_KEY_CHANGED',
      retry: 'unsafe',
      facts: { expected: 'SHA256:other', seen: sshd.hostKey },
    });
  });

  it('never sends the login to a server with another host key', async () => {
    let logins = 0;
    await using server = await startScriptedSshd({ onAuth: (context) => ((logins += 1), context.accept()) });
    const options = { user: 'u', auth: { password: 'p' }, signal: never, pinnedHostKey: 'SHA256:other' };
    await expect(connectSsh({ ...options, dial: () => server.dial() })).rejects.toMatchObject({
      code: 'SSH_HOST_KEY_CHANGED',
    });
    expect(logins).toBe(0);
  });

  it('says which login was refused, without the secret', async () => {
    const stranger = generateKeyPair('stranger').privateKey;
    const byKey = connectSsh({ ...login(), auth: { privateKey: stranger }, dial: () => sshd.dial() });
    await expect(byKey).rejects.toMatchObject({ code: 'SSH_AUTH_FAILED', retry: 'unsafe' });
    const auth = { password: 'top-secret-1' };
    const error: unknown = await connectSsh({ ...login(), auth, dial: () => sshd.dial() }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'SSH_AUTH_FAILED', facts: { user: sshd.user, method: 'password' } });
    expect(error).toHaveProperty('hint', expect.stringContaining('PasswordAuthentication'));
    expect(JSON.stringify(error)).not.toContain('top-secret-1');
  });

  it('logs in by password, and by keyboard-interactive where that is the only way', async () => {
    const seen: string[] = [];
    await using server = await startScriptedSshd({
      onAuth: (context) => {
        seen.push(context.method);
        if (context.method === 'password' && context.username === 'plain') {
          return context.password === 'right' ? context.accept() : context.reject();
        }
        if (context.method !== 'keyboard-interactive')
          return context.reject(['keyboard-interactive', 'password']);
        const prompts = [
          { prompt: 'Passcode for you: ', echo: false },
          { prompt: 'Anything to say? ', echo: true },
        ];
        return context.prompt(prompts, (answers: string[]) =>
          answers[0] === 'right' && answers[1] === '' ? context.accept() : context.reject(),
        );
      },
    });
    for (const user of ['plain', 'asked']) {
      const auth = { password: 'right' };
      const connection = await connectSsh({ user, auth, signal: never, dial: () => server.dial() });
      await connection.close();
    }
    expect(seen).toContain('keyboard-interactive');
    const wrong = connectSsh({
      user: 'asked',
      auth: { password: 'no' },
      signal: never,
      dial: () => server.dial(),
    });
    await expect(wrong).rejects.toMatchObject({ code: 'SSH_AUTH_FAILED' });
  });

  it('gives a forwarder whose guest is silent only the short deadline of the banner', async () => {
    await using silent = await talker('');
    const connecting = connectSsh({
      ...login(),
      dial: silent.dial,
      bannerTimeoutMs: 50,
      handshakeTimeoutMs: 600_000,
    });
    await expect(connecting).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      retry: 'safe',
      facts: { timeoutMs: 50 },
    });
  });

  it('gives a guest that showed its banner the longer deadline of the handshake', async () => {
    await using slow = await talker('SSH-2.0-slow\r\n');
    const connecting = connectSsh({
      ...login(),
      dial: slow.dial,
      bannerTimeoutMs: 30_000,
      handshakeTimeoutMs: 100,
    });
    await expect(connecting).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      retry: 'safe',
      message: expect.stringContaining('handshake') as string,
    });
  });

  it('tells a server that is not SSH, and one that hangs up, from a silent one', async () => {
    await using web = await talker('HTTP/1.1 400 Bad Request\r\n'.repeat(2_000));
    await expect(connectSsh({ ...login(), dial: web.dial })).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      message: expect.stringContaining('not an SSH server') as string,
    });
    await using short = await talker('');
    const dial = async () => {
      const stream = await short.dial();
      setImmediate(() => short.sockets[0]?.end());
      return stream;
    };
    await expect(connectSsh({ ...login(), dial })).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      retry: 'safe',
    });
  });

  it('waits for a banner that comes in pieces, after other lines', async () => {
    const server = createServer((socket) => {
      socket.write('welcome\r\nSS');
      void sshd.dial().then((real) => {
        real.once('data', (banner: Buffer) => {
          socket.write(banner.subarray(2));
          socket.pipe(real).pipe(socket);
          socket.on('close', () => real.destroy()).on('error', () => undefined);
        });
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const dial = async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    };
    const connection = await connectSsh({ ...login(), dial });
    await expect(connection.exec('echo ok', { timeoutMs: 30_000 })).resolves.toMatchObject({
      stdout: 'ok\n',
    });
    await connection.close();
    server.close();
    await once(server, 'close');
  });

  it.each(['', 'SSH-2.0-slow\r\n'])(
    'stops at an abort during the wait after %j, and hangs up',
    async (say) => {
      await using server = await talker(say);
      const abort = new AbortController();
      const dial = async () => {
        const stream = await server.dial();
        setTimeout(() => abort.abort(), 30);
        return stream;
      };
      await expect(connectSsh({ ...login(), dial, signal: abort.signal })).rejects.toMatchObject({
        code: 'ABORTED',
      });
    },
  );

  it('passes the error of the dial on, and gives up a dial that never ends', async () => {
    const refused = connectSsh({ ...login(), dial: () => Promise.reject(new Error('ECONNREFUSED')) });
    await expect(refused).rejects.toMatchObject({ code: 'SSH_UNREACHABLE', retry: 'safe' });
    let seen: AbortSignal | undefined;
    const dial = (signal: AbortSignal) => ((seen = signal), new Promise<Duplex>(() => undefined));
    await expect(connectSsh({ ...login(), dial, bannerTimeoutMs: 30 })).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
    });
    expect(seen?.aborted).toBe(true);
    await expect(connectSsh({ ...login(), dial, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });

  it('notices by unanswered keep-alives that the guest is gone', async () => {
    await using guest = await pausable();
    const connection = await connectSsh({ ...login(), dial: guest.dial, keepAliveMs: 30 });
    const running = connection.exec('cat', {
      timeoutMs: 600_000,
      input: new Readable({ read: () => undefined }),
    });
    guest.pause();
    await expect(running).rejects.toMatchObject({ code: 'SSH_CLOSED', retry: 'safe' });
    await connection.closed;
    await connection.close();
  });

  it('closes a connection to a guest that says nothing more, with all that ran over it', async () => {
    await using guest = await pausable();
    const connection = await connectSsh({ ...login(), dial: guest.dial });
    await connection.forwardReverse({ hostPort: 1 }, new AbortController().signal);
    await connection.forwardLocal(1);
    const running = connection
      .exec('cat', { timeoutMs: 600_000, input: new Readable({ read: () => undefined }) })
      .catch((error: unknown) => error);
    guest.pause();
    await connection.close();
    expect(await running).toMatchObject({ code: 'SSH_CLOSED' });
  });
});
