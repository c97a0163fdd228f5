import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A package version that the registry serves: name@version and the files of its tarball. */
export interface Served {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
}

/** A small npm registry on loopback. Closed at the end of its scope. */
export interface Registry {
  readonly url: string;
  /** Method, path and authorization of each request so far. */
  readonly requests: string[];
  integrity(name: string): string;
  tarball(name: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startRegistry(
  served: readonly Served[],
  options: { token?: string; tls?: { key: string; cert: string }; tarballHost?: string } = {},
): Promise<Registry> {
  const requests: string[] = [];
  const tarballs = new Map<string, Buffer>();
  for (const each of served) tarballs.set(pathOf(each), gzipSync(await tarOf(each)));
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { authorization = '-' } = request.headers;
    requests.push(`${request.method} ${request.url} ${authorization}`);
    if (options.token !== undefined && authorization !== `Bearer ${options.token}`) {
      return response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"unauthorized"}');
    }
    const path = decodeURIComponent(request.url ?? '').slice(1);
    const body = tarballs.get(path) ?? packument(served.filter((each) => each.name === path));
    return body === undefined ? response.writeHead(404).end('{}') : response.writeHead(200).end(body);
  };
  const packument = (versions: readonly Served[]) => {
    if (versions.length === 0) return undefined;
    const entries = versions.map((each) => [each.version, { ...each, files: undefined, dist: distOf(each) }]);
    return JSON.stringify({ name: versions[0]?.name, versions: Object.fromEntries(entries) as unknown });
  };
  const distOf = (each: Served) => ({
    tarball: `${options.tarballHost ?? url}${pathOf(each)}`,
    integrity: integrityOf(tarballs.get(pathOf(each)) ?? Buffer.alloc(0)),
  });
  const server = options.tls ? createHttps(options.tls, answer) : createHttp(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `${options.tls ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}/`;
  const find = (name: string) => served.find((each) => each.name === name) as Served;
  return {
    url,
    requests,
    integrity: (name) => distOf(find(name)).integrity,
    tarball: (name) => distOf(find(name)).tarball,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const pathOf = ({ name, version }: Served) => `${name}/-/${name}-${version}.tgz`;
const integrityOf = (data: Buffer) => `sha512-${createHash('sha512').update(data).digest('base64')}`;

async function tarOf({ name, version, files }: Served): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'package/package.json' }, JSON.stringify({ name, version }));
  for (const [path, content] of Object.entries(files))
    tar.entry({ name: `package/${path}`, mode: 0o755 }, content);
  tar.finalize();
  return buffer(tar);
}
