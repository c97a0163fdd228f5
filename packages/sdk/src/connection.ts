import { HarnessClient } from './client.ts';
import {
  createBody,
  environment,
  reconnectOf,
  staticUrl,
  timeoutsOf,
  type ComputerAgentOptions,
} from './options.ts';
import { retryable } from './retryable.ts';
import { GOODBYE_MS, type OpenSession } from './session.ts';
import type { BootedHarness } from './substrate.ts';
import { assertNotAborted } from './wait.ts';

/** An agent's harness and its session on it: each made once, on first demand, and made anew after a failure. */
export class Connection {
  readonly #options: ComputerAgentOptions;
  readonly #signal: AbortSignal;
  readonly #booted = retryable(() => this.#boot());
  readonly #opened = retryable(() => this.#open());
  #session: OpenSession | undefined;

  /** The signal ends what is under way, and that nothing is begun any more. */
  constructor(options: ComputerAgentOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** The session, once there is one. */
  get session(): OpenSession | undefined {
    return this.#session;
  }

  harness(): Promise<BootedHarness> {
    return this.#booted.get();
  }

  open(): Promise<OpenSession> {
    return this.#opened.get();
  }

  /** Ends the session and the harness, and waits for it. The signal must have aborted. */
  async close(): Promise<void> {
    // Whoever asked for them is told why they failed.
    await this.#opened.current()?.catch(() => undefined);
    const booted = await this.#booted.current()?.catch(() => undefined);
    try {
      if (this.#session) await sayGoodbye(this.#session);
    } finally {
      await booted?.shutdown();
    }
  }

  async #boot(): Promise<BootedHarness> {
    assertNotAborted(this.#signal);
    const { runtime } = this.#options;
    if (typeof runtime !== 'object') {
      return { baseUrl: staticUrl(this.#options), shutdown: () => Promise.resolve() };
    }
    return runtime.bootHarness({ envs: environment(this.#options), signal: this.#signal });
  }

  async #open(): Promise<OpenSession> {
    const { baseUrl } = await this.#booted.get();
    const timeouts = timeoutsOf(this.#options);
    const client = new HarnessClient({ baseUrl, fetch: this.#options.fetch, timeouts });
    const { sessionId } = await client.create(createBody(this.#options), this.#signal);
    const cursor = { lastEventId: undefined };
    this.#session = { client, id: sessionId, cursor, reconnect: reconnectOf(this.#options) };
    return this.#session;
  }
}

/** A harness that is already gone needs no goodbye; whatever else is wrong, its shutdown will tell. */
async function sayGoodbye(session: OpenSession): Promise<void> {
  if (session.ended === undefined)
    await session.client.endInput(session.id, GOODBYE_MS).catch(() => undefined);
  await session.cancelling;
}
