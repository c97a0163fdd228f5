import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { VzvmError } from '../../errors.ts';
import { Feed } from '../feed.ts';
import { readAsset } from './assets.ts';
import { EventStream } from './event-stream.ts';
import { judge } from './guard.ts';
import { bridgeHeaders, SAFE_HEADERS } from './headers.ts';
import { LogWatch } from './log-watch.ts';
import type { Source } from './source.ts';
import { StatelySocket } from '../stately/socket.ts';

/** How a page is served. */
export interface ServerOptions {
  /** @defaultValue one that is free */
  readonly port?: number | undefined;
  /** Whether `stately` is served: a page that hands all that it is told to another host. @defaultValue false */
  readonly stately?: boolean | undefined;
}

/** Where the hosted inspector is. */
const STATELY_UI = 'https://stately.ai';
const LONGEST_BODY = 4_096;
/** What viewers have not read by then they do not get to see. */
const FAREWELL_MS = 500;

interface Viewer {
  readonly stream: EventStream;
  readonly feed: Feed;
}

/** Serves the page on loopback, to whoever has its address. Holds no process up. */
export class InspectorServer {
  readonly #source: Source;
  readonly #options: ServerOptions;
  readonly #token = randomBytes(24).toString('base64url');
  readonly #viewers = new Set<Viewer>();
  readonly #logs: LogWatch | undefined;
  readonly #stately: StatelySocket | undefined;
  readonly #server: Server;
  #port = 0;

  constructor(source: Source, options: ServerOptions = {}) {
    this.#source = source;
    this.#options = options;
    if (source.kind === 'live') {
      this.#logs = new LogWatch(source.recorder);
      this.#stately = new StatelySocket(source.recorder);
    }
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const judged = judge(request, this.#token, this.#port);
      if ('path' in judged && judged.path === 'stately/ws' && this.#stately)
        this.#stately.upgrade(request, socket, head);
      else socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
    });
    this.#server.unref();
  }

  /**
   * Listens; resolves with the page's address, which is secret.
   * @throws VzvmError PORT_TAKEN.
   */
  async listen(): Promise<string> {
    const { port = 0 } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(cannotListen(port, cause)));
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.#server.unref();
    this.#port = (this.#server.address() as AddressInfo).port;
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/${this.#token}/`;
  }

  /** How many look at the page. */
  get viewers(): number {
    return this.#viewers.size;
  }

  /** Tells every viewer the rest, and that it was the end; frees the port. */
  async close(): Promise<void> {
    const told = [...this.#viewers].map((viewer) => this.#farewell(viewer));
    const late = new Promise<void>((resolve) => void setTimeout(resolve, FAREWELL_MS));
    await Promise.race([Promise.all([...told, this.#stately?.close()]), late]);
    this.#logs?.stop();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #farewell({ stream, feed }: Viewer): Promise<void> {
    feed.stop();
    await feed.flush().catch(() => undefined); // It has left.
    stream.end();
    await stream.closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
    const judged = judge(request, this.#token, this.#port);
    if ('status' in judged) return plain(response, judged.status, judged.why);
    const { path, url } = judged;
    if (request.method === 'POST') return this.#post(path, request, response);
    if (path === 'events') return this.#stream(request, url, response);
    if (path === 'records' && this.#source.kind === 'recording') return json(response, this.#source.records);
    if (path === 'about') return json(response, this.#about());
    const asset = await readAsset(path, this.#options.stately === true);
    if (!asset) return plain(response, 404, 'no such page');
    const extra = path === 'stately' ? bridgeHeaders(STATELY_UI) : {};
    response.writeHead(200, { ...extra, 'content-type': asset.type }).end(asset.content);
  }

  async #post(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (path !== 'watch') return plain(response, 404, 'no such page');
    if (request.headers['content-type'] !== 'application/json')
      return plain(response, 415, 'JSON is expected');
    if (Number(request.headers['content-length'] ?? Infinity) > LONGEST_BODY)
      return plain(response, 413, 'too long');
    const vm = nameIn(await text(request));
    if (vm === undefined) return plain(response, 400, 'a VM is expected');
    this.#logs?.watch(vm);
    response.writeHead(204).end();
  }

  async #stream(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    if (this.#source.kind !== 'live') return plain(response, 404, 'nothing happens here');
    const stream = new EventStream(response, this.#about());
    const after = Number(request.headers['last-event-id'] ?? url.searchParams.get('after') ?? 0);
    const feed = new Feed(this.#source.recorder, stream, { after: Number.isSafeInteger(after) ? after : 0 });
    const viewer = { stream, feed };
    this.#viewers.add(viewer);
    void stream.closed.then(() => {
      feed.stop();
      this.#viewers.delete(viewer);
      if (this.#viewers.size === 0) this.#logs?.stop();
    });
    await feed.run();
  }

  #about(): object {
    const { kind } = this.#source;
    const title = this.#source.kind === 'recording' ? this.#source.title : '';
    const started = Date.now() - Math.round(process.uptime() * 1000);
    return { kind, title, pid: process.pid, startedAt: started, stately: this.#options.stately === true };
  }
}

function nameIn(body: string): string | undefined {
  try {
    const { vm } = JSON.parse(body) as { readonly vm?: unknown };
    return typeof vm === 'string' ? vm : undefined;
  } catch {
    return undefined;
  }
}

function plain(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${why}\n`);
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function cannotListen(port: number, cause: NodeJS.ErrnoException): VzvmError {
  if (cause.code !== 'EADDRINUSE')
    return new VzvmError('INTERNAL', `the inspector cannot listen: ${cause.message}`, { cause });
  return new VzvmError('PORT_TAKEN', `port ${port} of the inspector is taken`, {
    facts: { port },
    hint: `see who has it: ss -ltnp sport = :${port}; or leave inspector.port out, for one that is free`,
    cause,
  });
}
