import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSsh, type SshConnection } from '../../src/ssh/index.ts';
import { until } from '../helpers/until.ts';
import { freePort, startSshd, type Sshd } from '../helpers/sshd.ts';

const never = new AbortController().signal;

let sshd: Sshd;
const open = () =>
  connectSsh({
    dial: () => sshd.dial(),
    user: sshd.user,
    auth: { privateKey: sshd.privateKey },
    signal: new AbortController().signal,
  });

let connection: SshConnection;
beforeAll(async () => {
  sshd = await startSshd();
  connection = await open();
});
afterAll(async () => {
  await connection.close();
  await sshd[Symbol.asyncDispose]();
});

async function webServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(false))).once('error', () => resolve(true));
  });

describe('forwardLocal', () => {
  it('carries requests, large bodies and answers that stream', async () => {
    await using web = await webServer((incoming, response) => incoming.pipe(response));
    const forward = await connection.forwardLocal(web.port);
    const body = 'x'.repeat(3_000_000);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        request(`http://127.0.0.1:${forward.port}/`, { method: 'POST', body, reset: true }),
      ),
    );
    for (const answer of answers) expect((await answer.body.text()).length).toBe(body.length);
    await forward.close();
    expect(await isFree(forward.port)).toBe(true);
    await forward.close();
  });

  it('hangs up where nothing listens in the guest, and serves the next connection', async () => {
    const port = await freePort();
    const forward = await connection.forwardLocal(port);
    const socket = connect(forward.port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'close');
    expect(await isFree(forward.port)).toBe(false);
    await forward.close();
  });

  it('ends with the connection', async () => {
    const own = await open();
    const forward = await own.forwardLocal(1);
    await own.close();
    expect(await isFree(forward.port)).toBe(true);
  });

  it('ends with a connection that was lost', async () => {
    const before = new Set(sshd.sessions());
    const own = await open();
    const forward = await own.forwardLocal(1);
    for (const pid of sshd.sessions()) if (!before.has(pid)) process.kill(pid, 'SIGKILL');
    await own.closed;
    // Before close(), which would end it in any case.
    await until('the listener is gone', () => isFree(forward.port));
    await own.close();
    await expect(own.forwardLocal(1)).rejects.toMatchObject({ code: 'SSH_CLOSED' });
  });
});

describe('forwardOut', () => {
  it('opens a stream whose halves end one by one', async () => {
    await using web = await webServer((_incoming, response) => response.end('hello'));
    const stream = await connection.forwardOut(web.port, never);
    stream.end('GET / HTTP/1.0\r\n\r\n');
    expect(await text(stream)).toContain('hello');
  });

  it('is refused where nothing listens', async () => {
    await expect(connection.forwardOut(await freePort(), never)).rejects.toMatchObject({
      code: 'DIAL_FAILED',
      retry: 'safe',
    });
  });
});

describe('forwardReverse', () => {
  it('lets the guest reach a port of the host by a port that sshd chose', async () => {
    await using web = await webServer((_incoming, response) => response.end('from the host'));
    const forward = await connection.forwardReverse({ hostPort: web.port }, never);
    expect(forward.guestPort).toBeGreaterThan(0);
    const answer = await connection.exec(`curl -s --max-time 10 http://127.0.0.1:${forward.guestPort}/`, {
      timeoutMs: 30_000,
    });
    expect(answer.stdout).toBe('from the host');
    await forward.close();
    expect(await isFree(forward.guestPort)).toBe(true);
  });

  it('takes the port asked for, and says so when the guest has it in use', async () => {
    const wanted = await freePort();
    await using web = await webServer((_incoming, response) => response.end('x'));
    const forward = await connection.forwardReverse({ hostPort: web.port, guestPort: wanted }, never);
    expect(forward.guestPort).toBe(wanted);
    await expect(
      connection.forwardReverse({ hostPort: web.port, guestPort: wanted }, never),
    ).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    await forward.close();
  });

  it('hangs up where nothing listens on the host, and keeps forwards apart', async () => {
    await using web = await webServer((_incoming, response) => response.end('right'));
    const dead = await connection.forwardReverse({ hostPort: await freePort() }, never);
    const live = await connection.forwardReverse({ hostPort: web.port }, never);
    const ask = (port: number) =>
      connection.exec(`curl -s --max-time 10 http://127.0.0.1:${port}/`, { timeoutMs: 30_000 });
    expect((await ask(dead.guestPort)).exitCode).not.toBe(0);
    expect((await ask(live.guestPort)).stdout).toBe('right');
    await dead.close();
    await live.close();
  });
});
