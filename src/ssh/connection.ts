import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { bounded, connectionLost } from './bounded.ts';
import { exec, type ExecOptions, type ExecResult } from './exec.ts';
import type { Streams } from './streams.ts';
import { runWithStreams } from './terminal.ts';
import { forwardLocal, forwardOut, forwardReverse, type ReversePorts } from './forward.ts';

const GOODBYE_MS = 1_000;

/** An open SSH connection to a guest. */
export interface SshConnection {
  /** Fingerprint of the host key seen: `SHA256:…`. */
  readonly hostKey: string;
  /** Resolves, never rejects, when the connection is gone for whatever reason. */
  readonly closed: Promise<void>;
  /**
   * Runs a command to its end. A non-zero exit is a result.
   * @throws VzvmError COMMAND_TIMEOUT, SSH_CLOSED (retry "safe"), ABORTED.
   */
  exec(command: string, options: ExecOptions): Promise<ExecResult>;
  /**
   * Runs a command, or a login shell where there is none, with the streams of whoever asks; answers its exit status. It has
   * a deadline to start, and none to end: whoever looks on decides.
   * @throws VzvmError SSH_CLOSED, COMMAND_TIMEOUT, ABORTED.
   */
  run(command: string | undefined, streams: Streams, signal?: AbortSignal): Promise<number>;
  /** A byte stream to a port on the guest's loopback. @throws VzvmError DIAL_FAILED (retry "safe"), ABORTED. */
  forwardOut(guestPort: number, signal: AbortSignal): Promise<Duplex>;
  /** A listener on host loopback for a port on the guest's loopback. */
  forwardLocal(guestPort: number): Promise<{ port: number; close(): Promise<void> }>;
  /**
   * A listener on the guest's loopback for a port on host loopback; sshd chooses the guest's port unless one is given.
   * @throws VzvmError PORT_TAKEN, ABORTED.
   */
  forwardReverse(
    ports: ReversePorts,
    signal: AbortSignal,
  ): Promise<{ guestPort: number; close(): Promise<void> }>;
  /** Ends everything that runs over the connection and waits for it. */
  close(): Promise<void>;
}

/** {@link SshConnection} over an ssh2 client that is ready. */
export class Connection implements SshConnection {
  readonly hostKey: string;
  readonly closed: Promise<void>;
  readonly #client: Client;
  readonly #stream: Duplex;
  readonly #running = new Set<Promise<unknown>>();
  readonly #forwards = new Set<() => Promise<void>>();
  readonly #ended = new AbortController();
  #lastError: unknown;

  constructor(client: Client, stream: Duplex, hostKey: string) {
    this.hostKey = hostKey;
    this.#client = client;
    this.#stream = stream;
    // For the connection's whole life: without a listener a reset by the guest would end the host's process.
    client.on('error', (error) => (this.#lastError = error));
    this.closed = new Promise((resolve) => client.once('close', resolve));
    void this.closed.then(() => this.#endAll());
  }

  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    this.#assertOpen('a command');
    const running = exec(this.#client, command, options);
    return this.#track(running);
  }

  async run(command: string | undefined, streams: Streams, signal?: AbortSignal): Promise<number> {
    this.#assertOpen('a command');
    return this.#track(runWithStreams(this.#client, command, streams, signal));
  }

  async forwardOut(guestPort: number, signal: AbortSignal): Promise<Duplex> {
    this.#assertOpen('a forward');
    return forwardOut(this.#client, guestPort, signal);
  }

  async forwardLocal(guestPort: number): Promise<{ port: number; close(): Promise<void> }> {
    this.#assertOpen('a forward');
    return this.#keep(await this.#track(forwardLocal(this.#client, guestPort, this.#ended.signal)));
  }

  async forwardReverse(
    ports: ReversePorts,
    signal: AbortSignal,
  ): Promise<{ guestPort: number; close(): Promise<void> }> {
    this.#assertOpen('a forward');
    return this.#keep(await this.#track(forwardReverse(this.#client, ports, signal)));
  }

  async close(): Promise<void> {
    this.#ended.abort();
    const forwards = [...this.#forwards].map((end) => end());
    this.#client.end();
    const late = () => connectionLost('its end', undefined);
    // A guest that is already dead says no goodbye.
    await bounded(this.closed, { what: 'the end of SSH', timeoutMs: GOODBYE_MS, late }).catch(
      () => undefined,
    );
    this.#stream.destroy();
    await Promise.allSettled([...forwards, ...this.#running]);
  }

  #assertOpen(what: string): void {
    if (this.#ended.signal.aborted) throw connectionLost(what, this.#lastError);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    return work.finally(() => this.#running.delete(work));
  }

  #keep<F extends { close(): Promise<void> }>(forward: F): F {
    const close = async () => {
      this.#forwards.delete(close);
      await forward.close();
    };
    this.#forwards.add(close);
    if (this.#ended.signal.aborted) void close();
    return { ...forward, close };
  }

  #endAll(): void {
    this.#ended.abort();
    for (const end of this.#forwards) void end();
  }
}
