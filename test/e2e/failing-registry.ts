import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readHostNpm } from '../../src/actors/host-npm.ts';

/** What still works: Node itself comes from the registry, the packages after it do not. */
const SERVED = /^\/(node-linux-(x64|arm64)|npm)(\/|$)/;

/** The host's own registry on a loopback port, which goes down once Node is installed. */
export interface FailingRegistry extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Requests that found it down. */
  readonly refused: readonly string[];
}

export async function startFailingRegistry(): Promise<FailingRegistry> {
  const { registry } = await readHostNpm(AbortSignal.timeout(30_000));
  const refused: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (SERVED.test(path)) return void pass(registry, url, request, response);
    refused.push(path);
    request.socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  return {
    port,
    url,
    refused,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function pass(
  registry: string,
  own: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { accept } = request.headers;
    const answer = await fetch(new URL((request.url ?? '/').slice(1), registry), {
      headers: accept ? { accept } : {},
    });
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    const body = isJson
      ? (await answer.text()).replaceAll(registry, own)
      : Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/octet-stream',
    });
    response.end(body);
  } catch {
    response.destroy(); // The guest sees a broken connection, as from any registry in trouble.
  }
}
