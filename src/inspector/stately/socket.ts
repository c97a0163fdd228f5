import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { Feed } from '../feed.ts';
import type { Recorder } from '../recorder.ts';
import type { InspectorRecord } from '../records.ts';
import { toStately, withActors } from './map.ts';

const GOING_AWAY = 1001;

/** Speaks the official inspection protocol over WebSockets. What viewers say is not listened to. */
export class StatelySocket {
  readonly #recorder: Recorder;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1_024 });
  readonly #feeds = new Map<WebSocket, Feed>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** Takes over a request that was judged already. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client));
  }

  async close(): Promise<void> {
    for (const [client, feed] of this.#feeds) {
      feed.stop();
      await feed.flush().catch(() => undefined); // It has left.
      client.close(GOING_AWAY);
    }
    this.#server.close();
  }

  #serve(client: WebSocket): void {
    const known = new Set<string>();
    const write = async (records: readonly InspectorRecord[]): Promise<void> => {
      const messages = records.flatMap((record) => this.#messages(record));
      for (const message of withActors(messages, known)) await sent(client, JSON.stringify(message));
    };
    const feed = new Feed(this.#recorder, { write, caughtUp: () => undefined });
    this.#feeds.set(client, feed);
    client.on('error', () => client.terminate());
    client.on('close', () => {
      feed.stop();
      this.#feeds.delete(client);
    });
    feed.run().catch(() => client.terminate());
  }

  #messages(record: InspectorRecord) {
    const isDrawn = record.kind === 'actor' && record.parent === undefined;
    const vm = isDrawn ? this.#recorder.vms.find(({ name }) => name === record.vm) : undefined;
    return toStately(record, vm?.definition);
  }
}

/** Resolves when it is written: a reader that is slow is waited for. */
const sent = (client: WebSocket, message: string): Promise<void> =>
  new Promise((resolve, reject) => client.send(message, (error) => (error ? reject(error) : resolve())));
