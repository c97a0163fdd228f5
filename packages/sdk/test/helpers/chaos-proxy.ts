import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What is done to a stream after so many of its bytes: `cut` breaks the connection, `end` ends the answer as if it were
 * whole, `delay` holds the rest back for a moment, `stall` for ever, `repeat` sends the stream from its beginning once
 * more behind it, `replay` breaks it and then answers as if nothing had been read before.
 */
export const FAULTS = ['cut', 'end', 'delay', 'stall', 'repeat', 'replay'] as const;
/** One of {@link FAULTS}. */
export type Fault = (typeof FAULTS)[number];

/** Where a fault happens. */
export interface Plan {
  readonly fault: Fault;
  readonly at: number;
}

/** Stands between a client and a harness, and does to the first stream, of events or of a transcript, what its plan says. */
export class ChaosProxy implements AsyncDisposable {
  readonly #upstream: (request: Request) => Response | Promise<Response>;
  readonly #plans = new Map<string, { plan: Plan; streams: number }>();
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #stalled = 0;

  private constructor(upstream: (request: Request) => Response | Promise<Response>) {
    this.#upstream = upstream;
  }

  static async start(upstream: (request: Request) => Response | Promise<Response>): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(upstream);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** An address that has this plan. */
  urlFor(plan: Plan): string {
    const name = `${plan.fault}-${plan.at}`;
    this.#plans.set(name, { plan, streams: 0 });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
  }

  /** Streams that have stalled, and whose reader is still there. */
  get stalled(): number {
    return this.#stalled;
  }

  /** Streams that were asked for by this plan's address. */
  streamsOf({ fault, at }: Plan): number {
    return this.#plans.get(`${fault}-${at}`)?.streams ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const state = this.#plans.get(name);
    if (!state) return void response.writeHead(404).end();
    const isStream = /\/(?:events|transcript)(?:\?|$)/.test(path);
    const answer = await this.#forward(request, path, isStream && state.plan.fault === 'replay');
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (!isStream) return void response.end(Buffer.from(await answer.arrayBuffer()));
    state.streams += 1;
    response.flushHeaders();
    const bytes = bytesOf(answer, response);
    if (state.streams > 1) return pass(bytes, response);
    await spoil(bytes, state.plan, response);
    if (response.writableEnded || response.destroyed) return;
    this.#stalled += 1;
    response.once('close', () => (this.#stalled -= 1));
  }

  async #forward(request: IncomingMessage, path: string, forgetful: boolean): Promise<Response> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = new Headers();
    for (const name of ['content-type', ...(forgetful ? [] : ['last-event-id'])]) {
      const value = request.headers[name];
      if (typeof value === 'string') headers.set(name, value);
    }
    const { method = 'GET' } = request;
    const body = method === 'GET' ? null : Buffer.concat(chunks);
    const asked = forgetful ? path.replace(/\bafter=\d+/, 'after=0') : path;
    return this.#upstream(new Request(`http://127.0.0.1${asked}`, { method, headers, body }));
  }
}

async function* bytesOf(answer: Response, response: ServerResponse): AsyncGenerator<Uint8Array, void> {
  const reader = answer.body?.getReader();
  if (!reader) return;
  response.once('close', () => void reader.cancel().catch(() => undefined));
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function pass(bytes: AsyncIterable<Uint8Array>, response: ServerResponse): Promise<void> {
  for await (const chunk of bytes) response.write(chunk);
  response.end();
}

async function spoil(bytes: AsyncIterable<Uint8Array>, plan: Plan, response: ServerResponse): Promise<void> {
  const sent: Uint8Array[] = [];
  let left = plan.at;
  for await (const chunk of bytes) {
    const before = chunk.subarray(0, left);
    const after = chunk.subarray(before.length);
    left -= before.length;
    sent.push(before);
    if (before.length > 0) await flushed(response, before);
    if (after.length === 0) continue;
    if (left === 0 && !(await misbehave(plan.fault, sent, response))) return;
    left = Number.POSITIVE_INFINITY;
    sent.push(after);
    response.write(after);
  }
  response.end();
}

/** False where nothing more is sent. */
async function misbehave(
  fault: Fault,
  sent: readonly Uint8Array[],
  response: ServerResponse,
): Promise<boolean> {
  switch (fault) {
    case 'cut':
    case 'replay':
      response.destroy();
      return false;
    case 'end':
      response.end();
      return false;
    case 'stall':
      return false;
    case 'delay':
      await new Promise((resolve) => setImmediate(resolve));
      return true;
    case 'repeat':
      for (const chunk of sent) response.write(chunk);
      return true;
  }
}

/** Resolves once the bytes have left: what is written and destroyed at once never does. */
function flushed(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    response.write(bytes, () => resolve());
  });
}
