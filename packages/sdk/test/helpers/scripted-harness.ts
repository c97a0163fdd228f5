import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { UserMessage } from '@computeragent/protocol';

/** A request as it came in. */
export interface Seen {
  readonly method: string;
  /** The path as written, still encoded. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers a request in the script's place; `false` leaves it to the script. */
export type Reply = (response: ServerResponse, seen: Seen) => boolean | void;

type Event = Readonly<Record<string, unknown>>;

/** A harness that does what the test says: a real server on loopback, with one session at a time. */
export class ScriptedHarness implements AsyncDisposable {
  readonly seen: Seen[] = [];
  /** What each message sets off. By default the turn is announced, answered with its text, and ended. */
  onMessage: (message: UserMessage, turn: number) => void = (message, turn) => this.answer(message, turn);
  /** Looks at each request first. */
  reply: Reply = () => false;
  readonly files = new Map<string, string>();
  /** What the session says of itself. */
  status: string | undefined;
  readonly #events: string[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly #watchers = new Set<() => void>();
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #turns = 0;
  #sentOnce: () => void = () => undefined;

  static async start(): Promise<ScriptedHarness> {
    const harness = new ScriptedHarness();
    await new Promise<void>((resolve) => harness.#server.listen(0, '127.0.0.1', resolve));
    return harness;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Readers of events that are connected right now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Puts an event into the session and to its readers. */
  emit(event: Event): void {
    const id = this.#events.length;
    const frame = `event: ${String(event['kind'])}\ndata: ${JSON.stringify({ sessionId: 's1', ...event })}\nid: ${id}\n\n`;
    this.#events.push(frame);
    for (const stream of this.#streams) stream.write(frame);
  }

  /** The engine's own words. */
  say(payload: unknown): void {
    this.emit({ kind: 'sdk_message', payload });
  }

  /** A whole turn: its announcement, its text said back, its end. */
  answer(message: UserMessage, turn: number): void {
    this.emit({ kind: 'ca_turn_started', turnIndex: turn });
    const text = message.content as string;
    this.say({ type: 'assistant', text: `re: ${text}` });
    this.say({ type: 'result', result: `done: ${text}` });
  }

  /** Forgets the oldest events, as a full buffer does. */
  forget(count: number): void {
    for (let id = 0; id < count; id++) this.#events[id] = '';
  }

  /** Leaves an event out of the next stream alone. */
  hold(id: number): void {
    const held = this.#events[id] ?? '';
    this.#events[id] = '';
    this.#sentOnce = () => void (this.#events[id] = held);
  }

  /** Puts into the place of events that they were dropped, as a full buffer does. */
  drop(from: number, to: number): void {
    this.forget(to + 1);
    const event = { kind: 'ca_events_dropped', sessionId: 's1', from, to };
    this.#events[to] = `event: ca_events_dropped\ndata: ${JSON.stringify(event)}\nid: ${to}\n\n`;
  }

  /** Begins its session anew, with an empty log. */
  restart(): void {
    this.#events.length = 0;
  }

  /** Breaks the readers' connections, in the middle of a frame. */
  breakStreams(): void {
    for (const stream of this.#streams) {
      stream.write('event: sdk_message\ndata: {"ki');
      stream.destroy();
    }
  }

  /** Ends the readers' responses, as if nothing more would come. */
  endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  /** The requests to a path, which is written `POST /messages`: the part after the session's id. */
  sent(what: string): Seen[] {
    return this.seen.filter(({ method, url }) => `${method} ${tailOf(url)}` === what);
  }

  /** Resolves once there were so many of these requests. */
  async until(what: string, count = 1): Promise<void> {
    await this.#untilTrue(() => this.sent(what).length >= count);
  }

  /** Resolves once no reader is connected. */
  async untilLeft(): Promise<void> {
    await this.#untilTrue(() => this.streams === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever reads still has forgotten to let go.
    await this.untilLeft();
    const { url } = this;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answered) throw new Error('the server is still there');
  }

  async #untilTrue(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
  }

  #changed(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await readWhole(request);
    this.seen.push(seen);
    if (this.reply(response, seen) !== true) this.#script(response, seen);
    this.#changed();
  }

  #script(response: ServerResponse, seen: Seen): void {
    const what = `${seen.method} ${tailOf(seen.url)}`;
    if (what === 'POST /v1/sessions') return json(response, 201, { sessionId: 's1', engine: 'e' });
    if (what === 'GET /events') return this.#stream(response, seen);
    if (what === 'POST /messages') {
      json(response, 200, { ok: true });
      return this.onMessage((JSON.parse(seen.body) as { message: UserMessage }).message, this.#turns++);
    }
    if (what === 'POST /cancel') {
      json(response, 200, { ok: true });
      return this.emit({ kind: 'ca_session_ended', reason: 'cancelled' });
    }
    if (what === 'GET ') return json(response, 200, { sessionId: 's1', status: this.status });
    if (tailOf(seen.url) === '/fs/file') return this.#file(response, seen);
    return json(response, 200, { ok: true });
  }

  #stream(response: ServerResponse, seen: Seen): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    const from = Number(seen.headers['last-event-id'] ?? -1) + 1;
    response.write(`:keepalive\n${this.#events.slice(from).join('')}`);
    this.#sentOnce();
    this.#streams.add(response);
    response.on('close', () => {
      this.#streams.delete(response);
      this.#changed();
    });
  }

  #file(response: ServerResponse, seen: Seen): void {
    const path = new URL(seen.url, this.url).searchParams.get('path') ?? '';
    if (seen.method === 'PUT') {
      this.files.set(path, seen.body);
      return json(response, 200, { ok: true, size: seen.body.length });
    }
    const content = this.files.get(path);
    if (content === undefined) return reject(response, 404, 'NOT_FOUND', 'file not found');
    response.writeHead(200).end(content);
  }
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Answers with the error envelope. */
export function reject(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  details?: unknown,
): void {
  json(response, status, { error: { code, message, details } });
}

/** Answers requests to one path, so many times, in the script's place. */
export function answerAt(
  end: string,
  answer: (response: ServerResponse) => void,
  times = Number.POSITIVE_INFINITY,
): Reply {
  let count = 0;
  return (response, { url }) => {
    if (!(url.split('?')[0] ?? '').endsWith(end) || count >= times) return false;
    count += 1;
    answer(response);
    return true;
  };
}

async function readWhole(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = request;
  return { method, url, headers, body: Buffer.concat(chunks).toString() };
}

/** The path without what names the session, and without the query. */
function tailOf(url: string): string {
  return (url.split('?')[0] ?? '')
    .replace(/^.*\/v1\/sessions\/[^/]+(?=\/|$)/, '')
    .replace(/^.*(?=\/v1\/)/, '');
}
