import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';

/** Writes files below a folder. */
export async function writeFiles(files: Readonly<Record<string, string>>, at: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(at, path)), { recursive: true });
    await writeFile(join(at, path), text);
  }
}

/** A repository with two commits; the second one changes SOUL.md. */
export async function repository(at: string, files: Readonly<Record<string, string>>) {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', at, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      encoding: 'utf8',
    }).trim();
  await writeFiles(files, at);
  git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
  const first = git('rev-parse', 'HEAD');
  git('tag', 'v1');
  await writeFiles({ 'SOUL.md': 'changed' }, at);
  git('add', '.');
  git('commit', '--quiet', '-m', 'two');
  return { url: `file://${at}`, first, second: git('rev-parse', 'HEAD') };
}

/** Git's own server over HTTP on loopback, for the repositories in a folder. With a login, for nobody else. */
export async function startGitServer(folder: string, login?: { user?: string; password: string }) {
  const refused: string[] = [];
  const server = createServer((request, response) => {
    const [, user, password] = /^(.*?):(.*)$/.exec(basicOf(request) ?? '') ?? [];
    const isIn = !login || (password === login.password && (login.user === undefined || user === login.user));
    if (isIn) return void serve(folder, request, response);
    refused.push(request.url ?? '');
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function basicOf({ headers }: IncomingMessage): string | undefined {
  const [, encoded] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? [];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
}

/** One request through git's CGI program. */
async function serve(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  const header = (name: string): string => String(request.headers[name] ?? '');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => undefined).end(await buffer(request));
  const output = await buffer(child.stdout);
  const end = output.indexOf('\r\n\r\n');
  const headers = output
    .subarray(0, end)
    .toString()
    .split('\r\n')
    .map((line) => line.split(': '));
  const { Status: status = '200', ...rest } = Object.fromEntries(headers) as Record<string, string>;
  response.writeHead(Number(status.slice(0, 3)), rest).end(output.subarray(end + 4));
}
