import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel, TcpConnectionDetails } from 'ssh2';
import { isAborted, VzvmError } from '../errors.ts';
import { bounded, connectionLost } from './bounded.ts';
import { splice } from './splice.ts';

const LOOPBACK = '127.0.0.1';
const OPEN_MS = 30_000;

/** Opens a stream to a port on the guest's loopback. */
export async function forwardOut(client: Client, guestPort: number, signal: AbortSignal): Promise<Duplex> {
  const opening = new Promise<ClientChannel>((resolve, reject) => {
    client.forwardOut(LOOPBACK, 0, LOOPBACK, guestPort, (error, channel) =>
      error ? reject(error) : resolve(channel),
    );
  });
  const refused = (cause?: unknown) =>
    new VzvmError('DIAL_FAILED', `port ${guestPort} of the guest did not answer`, {
      facts: { guestPort },
      retry: 'safe',
      hint: `see what listens in the guest: npx vzvm exec NAME -- ss -ltn`,
      cause,
    });
  const wait = { what: `port ${guestPort} of the guest`, timeoutMs: OPEN_MS, signal, late: refused };
  return bounded(opening, wait).catch((error: unknown) => {
    opening.then((channel) => channel.destroy()).catch(() => undefined);
    throw isAborted(error) ? error : refused(error);
  });
}

/** Listens on host loopback and passes each connection to a port of the guest. */
export const forwardLocal = (
  client: Client,
  guestPort: number,
  signal: AbortSignal,
): Promise<{ port: number; close(): Promise<void> }> =>
  listenLocally(() => forwardOut(client, guestPort, signal));

/** Listens on host loopback and passes each connection on to a stream that is opened for it. */
export async function listenLocally(
  open: () => Promise<Duplex>,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    // A client that resets its connection is its own matter.
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    open().then(
      (stream) => {
        if (socket.destroyed) stream.destroy();
        else void splice(socket, stream);
      },
      () => socket.destroy(),
    );
  });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port, close };
}

/** Which port of the guest leads to which of the host. */
export interface ReversePorts {
  readonly hostPort: number;
  /** One that sshd chooses, when undefined. */
  readonly guestPort?: number;
}

/** Lets sshd listen on the guest's loopback and passes each connection to a port of the host's loopback. */
export async function forwardReverse(
  client: Client,
  { hostPort, guestPort: wantedPort = 0 }: ReversePorts,
  signal: AbortSignal,
): Promise<{ guestPort: number; close(): Promise<void> }> {
  const guestPort = await listenInGuest(client, wantedPort, signal);
  const sockets = new Set<Socket>();
  const onConnection = (info: TcpConnectionDetails, accept: () => ClientChannel, reject: () => void) => {
    if (info.destPort !== guestPort) return;
    const socket = connect({ port: hostPort, host: LOOPBACK, allowHalfOpen: true, noDelay: true });
    sockets.add(socket);
    socket.once('error', reject).on('close', () => sockets.delete(socket));
    socket.once('connect', () => {
      socket.off('error', reject);
      void splice(socket, accept());
    });
  };
  client.on('tcp connection', onConnection);
  const close = async () => {
    client.off('tcp connection', onConnection);
    for (const socket of sockets) socket.destroy();
    await stopListeningInGuest(client, guestPort);
  };
  return { guestPort, close };
}

function listenInGuest(client: Client, wantedPort: number, signal: AbortSignal): Promise<number> {
  const listening = new Promise<number>((resolve, reject) => {
    client.forwardIn(LOOPBACK, wantedPort, (error, port) =>
      error ? reject(error) : resolve(port || wantedPort),
    );
  });
  const refused = (cause?: unknown) =>
    new VzvmError(
      'PORT_TAKEN',
      `sshd in the guest does not listen on port ${wantedPort || 'of its choice'}`,
      {
        facts: { guestPort: wantedPort },
        hint: "choose another port, and check that the image's sshd has AllowTcpForwarding",
        cause,
      },
    );
  const wait = { what: 'a port of the guest', timeoutMs: OPEN_MS, signal, late: refused };
  return bounded(listening, wait).catch((error: unknown) => {
    // One that sshd opens after all is nobody's.
    listening.then((port) => stopListeningInGuest(client, port)).catch(() => undefined);
    throw isAborted(error) ? error : refused(error);
  });
}

/** The listener also ends with the connection: then there is nothing to ask for. */
function stopListeningInGuest(client: Client, port: number): Promise<void> {
  const stopping = new Promise<void>((resolve) => {
    try {
      client.unforwardIn(LOOPBACK, port, () => resolve());
    } catch {
      resolve();
    }
  });
  const late = () => connectionLost('the end of a forward', undefined);
  return bounded(stopping, { what: 'the end of a forward', timeoutMs: OPEN_MS, late });
}
