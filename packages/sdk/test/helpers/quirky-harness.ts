import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { json, reject } from './scripted-harness.ts';

/** Which server of the protocol is played. */
export interface Quirks {
  /** Turns are announced, and before the session is when they come before it; without, they never are. */
  readonly announcesTurns: boolean;
}

type Event = Readonly<Record<string, unknown>>;

const CAPABILITIES = {
  streamingInput: true,
  partialMessages: true,
  permissionCallback: true,
  sessions: true,
  budget: true,
};
const RETAINED = 1_000;

/** One session: a queue of messages, an engine that starts with the first reader, a ring that forgets silently. */
class QuirkySession {
  readonly id: string;
  readonly files = new Map<string, Buffer>();
  readonly permissions = new Map<string, (answer: Event) => void>();
  status = 'pending';
  readonly #quirks: Quirks;
  #ring: { readonly id: number; readonly frame: string }[] = [];
  #next = 0;
  #closed = false;
  #turns = 0;
  readonly #queue: string[] = [];
  #wake: () => void = () => undefined;
  readonly #readers = new Set<() => void>();

  constructor(id: string, quirks: Quirks) {
    this.id = id;
    this.#quirks = quirks;
  }

  /** Taken at any time, also when nobody will ever read it. */
  push(content: string): void {
    this.#queue.push(content);
    if (this.#quirks.announcesTurns) {
      this.emit({ kind: 'ca_turn_started', turnIndex: this.#turns++, message: { role: 'user', content } });
    }
    this.#wake();
  }

  cancel(): void {
    if (this.status === 'completed' || this.status === 'errored') return;
    this.status = 'cancelled';
    for (const settle of this.permissions.values())
      settle({ behavior: 'deny', message: 'session cancelled' });
    this.#wake();
  }

  start(): void {
    if (this.status !== 'pending') return;
    this.status = 'running';
    void this.#run();
  }

  async stream(response: ServerResponse, cursor: number): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    let last = cursor;
    let left = false;
    response.on('close', () => {
      left = true;
      for (const wake of this.#readers) wake();
    });
    for (;;) {
      for (const { id, frame } of this.#ring) {
        if (id <= last) continue;
        response.write(frame);
        last = id;
      }
      if (left || this.#closed) break;
      await new Promise<void>((resolve) => this.#readers.add(resolve));
      this.#readers.clear();
    }
    await sleep(50);
    response.end();
  }

  emit(event: Event): void {
    const id = this.#next++;
    const data = JSON.stringify({ ...event, sessionId: this.id });
    this.#ring.push({ id, frame: `event: ${String(event['kind'])}\ndata: ${data}\nid: ${id}\n\n` });
    if (this.#ring.length > RETAINED) this.#ring = this.#ring.slice(-RETAINED);
    for (const wake of this.#readers) wake();
  }

  async #run(): Promise<void> {
    this.emit({
      kind: 'ca_session_started',
      engine: 'mock',
      identity: { name: 'mock', version: '1.0.0' },
      capabilities: CAPABILITIES,
    });
    try {
      for (let turn = 1; this.status === 'running';) {
        const content = this.#queue.shift();
        if (content !== undefined) await this.#turn(content, turn++);
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      this.#end({ reason: this.status === 'cancelled' ? 'cancelled' : 'complete' });
    } catch (error) {
      this.status = 'errored';
      this.#end({ reason: 'error', errorMessage: (error as Error).message });
    }
  }

  #end(rest: Event): void {
    this.emit({ kind: 'ca_session_ended', ...rest });
    this.#closed = true;
    for (const wake of this.#readers) wake();
  }

  async #turn(content: string, turn: number): Promise<void> {
    const [verb, rest = ''] = content.split(/ (.*)/s);
    if (verb === 'fail') throw new Error(rest);
    if (verb === 'wait') await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.status !== 'running') return;
    for (let n = 0; verb === 'flood' && n < Number(rest); n++) this.#say({ type: 'stream_event', n });
    const answer = verb === 'ask' ? await this.#ask(rest) : undefined;
    this.#say({ type: 'assistant', text: rest, ...(answer ? { answer } : {}) });
    // A running total, as the engine has it.
    this.emit({ kind: 'ca_usage_snapshot', inputTokens: 10, outputTokens: 5, costUsd: turn / 10 });
    this.#say({ type: 'result', result: rest });
  }

  #ask(command: string): Promise<Event> {
    const callId = `call_${this.#next}`;
    const input = { command };
    const { promise, resolve } = Promise.withResolvers<Event>();
    this.permissions.set(callId, (answer) => {
      this.permissions.delete(callId);
      resolve(answer['decision'] === 'deny' ? answer : { input: answer['input'] ?? input });
    });
    this.emit({ kind: 'ca_permission_request', callId, toolName: 'Bash', input, risk: 'high' });
    return promise;
  }

  #say(payload: Event): void {
    this.emit({ kind: 'sdk_message', payload });
  }
}

/**
 * A harness with the weaknesses that servers of the protocol have: engines that start with the first reader, turns
 * announced before the session or not at all, no signs of life, no news of decisions, 500 for what its user did wrong,
 * messages that are taken and lost, events that are forgotten without a word, ids that are taken twice.
 */
export class QuirkyHarness implements AsyncDisposable {
  readonly sessions = new Map<string, QuirkySession>();
  readonly #quirks: Quirks;
  readonly #server = createServer((request, response) => {
    this.#take(request, response).catch((error: unknown) =>
      reject(response, 500, 'INTERNAL', error instanceof Error ? error.message : 'unknown'),
    );
  });

  private constructor(quirks: Quirks) {
    this.#quirks = quirks;
  }

  static async start(quirks: Quirks): Promise<QuirkyHarness> {
    const harness = new QuirkyHarness(quirks);
    await new Promise<void>((resolve) => harness.#server.listen(0, '127.0.0.1', resolve));
    return harness;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions.values()) session.cancel();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://x');
    const [, id, verb = '', callId] =
      /^\/v1\/sessions(?:\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?)?$/.exec(url.pathname) ?? [];
    if (url.pathname === '/v1/sessions' && request.method === 'POST') return this.#create(response, body);
    if (id === undefined)
      return void response.writeHead(404, { 'content-type': 'text/plain' }).end('404 Not Found');
    const session = this.sessions.get(decodeURIComponent(id));
    if (!session) return reject(response, 404, 'NOT_FOUND', `session ${id} not found`);
    if (verb === 'events') {
      session.start();
      const cursor = Number.parseInt(request.headers['last-event-id'] as string, 10);
      return session.stream(response, Number.isNaN(cursor) ? -1 : cursor);
    }
    if (verb === 'fs') return file(session, { request, response, url, body });
    return this.#act(session, { verb, callId, method: request.method ?? '', body, response });
  }

  #create(response: ServerResponse, body: Buffer): void {
    const { engine, sessionId, identity } = JSON.parse(body.toString()) as {
      engine: string;
      sessionId?: string;
      identity: { source: { type: string; url?: string } };
    };
    if (engine !== 'mock') return reject(response, 400, 'UNKNOWN_ENGINE', engine, { available: ['mock'] });
    // What the user did wrong is told as the server's own fault.
    if (identity.source.url === 'no.test/such') throw new Error('git clone exited with 128');
    const id = sessionId ?? `sess_${this.sessions.size}`;
    this.sessions.set(id, new QuirkySession(id, this.#quirks));
    const eventsUrl = `/v1/sessions/${id}/events`;
    const metadata = { name: 'mock', version: '1.0.0' };
    json(response, 201, { sessionId: id, engine, identity: metadata, capabilities: CAPABILITIES, eventsUrl });
  }

  #act(
    session: QuirkySession,
    {
      verb,
      callId,
      method,
      body,
      response,
    }: {
      verb: string;
      callId: string | undefined;
      method: string;
      body: Buffer;
      response: ServerResponse;
    },
  ): void {
    if (verb === 'messages') {
      session.push((JSON.parse(body.toString()) as { message: { content: string } }).message.content);
    } else if (verb === 'cancel') session.cancel();
    else if (verb === 'permission') {
      const settle = session.permissions.get(callId ?? '');
      if (!settle) return reject(response, 400, 'UNKNOWN_CALL_ID', `no pending ${callId}`);
      settle(JSON.parse(body.toString()) as Event);
    } else if (verb === '' && method === 'GET')
      return json(response, 200, { sessionId: session.id, status: session.status });
    else if (verb === '' && method === 'DELETE') this.sessions.delete(session.id);
    return json(response, 200, { ok: true });
  }
}

function file(
  { files }: QuirkySession,
  {
    request,
    response,
    url,
    body,
  }: { request: IncomingMessage; response: ServerResponse; url: URL; body: Buffer },
): void {
  const path = url.searchParams.get('path') ?? '';
  if (path === 'a-folder') throw new Error('EISDIR: illegal operation on a directory, read');
  if (request.method === 'PUT') {
    files.set(path, body);
    return json(response, 200, { ok: true, size: body.length });
  }
  const content = files.get(path);
  if (!content) return reject(response, 404, 'NOT_FOUND', `file ${path} not found`);
  return void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(content);
}
