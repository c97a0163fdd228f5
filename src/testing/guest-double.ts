import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import ssh2, { type Connection as ServerConnection, type ServerChannel } from 'ssh2';
import { generateKeyPair } from '../ssh/index.ts';
import { answerFor, kindOf } from './guest-commands.ts';
import type { Gates, Outcome } from './gates.ts';

/** What a guest finds when it is asked what it has. */
export interface Finds {
  readonly harness: string;
  readonly packages: string;
}

/** Made once: what it is worth nobody asks. */
const HOST_KEY = generateKeyPair('a guest of the model').privateKey;

/**
 * A guest without a machine, of any fake driver: an SSH server in this process whose commands run nowhere, and a harness
 * as far as its health and its claim. Each command and each look at its health waits at a gate.
 */
export class GuestDouble {
  readonly #gates: Gates;
  readonly #clients = new Set<ServerConnection>();
  readonly #watching = new Set<ServerChannel>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #hostKey = HOST_KEY;
  #harnessState: 'none' | 'parked' | 'ready' = 'none';
  #hasHarness = false;
  /** What a probe finds; undefined: nothing. */
  finds: Finds | undefined;

  private constructor(gates: Gates) {
    this.#gates = gates;
  }

  static async start(gates: Gates): Promise<GuestDouble> {
    const guest = new GuestDouble(gates);
    guest.#server.listen(0, '127.0.0.1');
    await once(guest.#server, 'listening');
    return guest;
  }

  /** Where its harness listens, as if a driver forwarded the port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are logged in. */
  get connections(): number {
    return this.#clients.size;
  }

  /** Whether somebody waits for the end of its harness. */
  get isWatched(): boolean {
    return this.#watching.size > 0;
  }

  /** A stream to its SSH server. */
  dial(): Duplex {
    const [ours, theirs] = duplexPair();
    const server = new ssh2.Server({ hostKeys: [this.#hostKey] }, (client) => this.#accept(client));
    server.injectSocket(theirs as never);
    return ours;
  }

  /** Breaks every connection, as a network would. */
  cut(): void {
    for (const client of this.#clients) client.end();
  }

  /** What runs in a copy of a guest whose memory was saved with a parked harness in it. */
  wake(): void {
    this.#harnessState = 'parked';
  }

  /** Ends the harness, as a crash would. */
  endHarness(): void {
    this.#harnessState = 'none';
    for (const channel of this.#watching) reply(channel, { out: 'the end of its log\n' });
    this.#watching.clear();
  }

  async end(): Promise<void> {
    this.cut();
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #accept(client: ServerConnection): void {
    client.on('error', () => undefined).on('close', () => this.#clients.delete(client));
    client.on('authentication', (context) => context.accept());
    client.on('ready', () => this.#clients.add(client));
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec, _reject, { command }) => void this.#run(acceptExec(), command));
    });
  }

  async #run(channel: ServerChannel, command: string): Promise<void> {
    const kind = kindOf(command, this.#hasHarness);
    channel.on('error', () => undefined);
    const input = text(channel).catch(() => '');
    if (kind === 'watch' && this.#harnessState !== 'none') return this.#watch(channel);
    const gate = new AbortController();
    channel.on('close', () => gate.abort());
    const outcome = await this.#gates.pass(kind, gate.signal).catch((error: Error) => error);
    if (outcome instanceof Error) return void channel.destroy();
    if (outcome === 'go') this.#did(kind, await input);
    reply(channel, typeof outcome === 'object' ? outcome : answerFor(kind, this.finds));
  }

  #watch(channel: ServerChannel): void {
    this.#watching.add(channel);
    channel.on('close', () => this.#watching.delete(channel));
  }

  #did(kind: string, input: string): void {
    if (kind === 'mark-harness') this.#hasHarness = true;
    if (kind === 'spawn') this.#harnessState = input.includes('"parked"') ? 'parked' : 'ready';
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => '');
    if (request.method === 'POST') this.#claim(body);
    else if ((await this.#health(response)) !== 'go') return void response.writeHead(503).end();
    const known = { ok: this.#harnessState !== 'none', state: this.#harnessState };
    response.writeHead(known.ok ? 200 : 503).end(JSON.stringify(known));
  }

  async #health(response: ServerResponse): Promise<Outcome> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    return this.#gates.pass('health', gone.signal).catch(() => 'not yet');
  }

  /** A claim gives the guest a host key of its own, which whoever claims it made. */
  #claim(body: string): void {
    const { identity } = JSON.parse(body) as { identity?: { hostKey?: { privateKey?: string } } };
    this.#hostKey = identity?.hostKey?.privateKey ?? this.#hostKey;
    this.#harnessState = 'ready';
  }
}

function reply(
  channel: ServerChannel,
  { code = 0, out = '', err = '' }: Exclude<Outcome, string | Error>,
): void {
  if (channel.destroyed) return;
  if (out) channel.write(out);
  if (err) channel.stderr.write(err);
  channel.exit(code);
  channel.end();
}
