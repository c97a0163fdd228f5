import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { HarnessApp } from '../app.ts';

/** How long open requests may take to end once the server closes. */
const CLOSE_GRACE_MS = 500;

/** A harness that listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly server: Server;
  /** Ends the sessions, then the connections; resolves when the port is free. */
  close(): Promise<void>;
}

/** The one line on standard output of a harness that listens. */
export interface ListeningLine {
  readonly event: 'listening';
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly version: string;
}

/** Makes the harness listen. Rejects with the system's error when it cannot. */
export async function listen(app: HarnessApp, host: string, port: number): Promise<Listening> {
  const server = createAdaptorServer({ fetch: (request) => app.fetch(request) }) as Server;
  // A clone takes as long as it takes, and a stream of events has no end: their own deadlines hold.
  server.requestTimeout = 0;
  // Whoever asks ends an idle connection: ended by us, it could be ended while the next request is on its way.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return { host: address.address, port: address.port, server, close: () => closeServer(server, app) };
}

async function closeServer(server: Server, app: HarnessApp): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await app.close();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  server.closeIdleConnections();
  await closed;
  clearTimeout(timer);
}
