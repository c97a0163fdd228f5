import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Sink } from '../feed.ts';
import type { InspectorRecord } from '../records.ts';

const KEEP_ALIVE_MS = 15_000;

/** One viewer's stream of server-sent events. */
export class EventStream implements Sink {
  /** Resolves when the viewer has left. */
  readonly closed: Promise<void>;
  readonly #response: ServerResponse;
  readonly #left = new AbortController();

  constructor(response: ServerResponse, hello: object) {
    this.#response = response;
    this.closed = new Promise((resolve) => response.once('close', resolve));
    const beat = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS).unref();
    void this.closed.then(() => {
      clearInterval(beat);
      this.#left.abort();
    });
    response.on('error', () => undefined); // Told by its close.
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`);
  }

  async write(records: readonly InspectorRecord[]): Promise<void> {
    if (this.#left.signal.aborted) throw new Error('the viewer has left');
    if (this.#response.write(`data: ${JSON.stringify(records)}\n\n`)) return;
    await once(this.#response, 'drain', { signal: this.#left.signal });
  }

  /** A viewer that comes back tells this number: only here is it sure to have all before it. */
  caughtUp(n: number): void {
    if (!this.#left.signal.aborted) this.#response.write(`id: ${n}\nevent: caught-up\ndata: {}\n\n`);
  }

  /** Says that there is no more to come. */
  end(): void {
    this.#response.end('event: end\ndata: {}\n\n');
  }
}
