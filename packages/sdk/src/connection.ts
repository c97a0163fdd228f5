import { randomUUID } from 'node:crypto';
import { bootHarness } from './boot.ts';
import { HarnessClient } from './client.ts';
import { createBody } from './create-body.ts';
import { reconnectOf, timeoutsOf, type ComputerAgentOptions } from './options.ts';
import { retryable } from './retryable.ts';
import { GOODBYE_MS, type OpenSession } from './session.ts';
import { isHostStore, type HostSessionStore } from './store/host-store.ts';
import { TranscriptMirror } from './store/mirror.ts';
import { seedFrom } from './store/seed.ts';
import type { BootedHarness } from './substrate.ts';
import { assertNotAborted } from './wait.ts';

/** An agent's harness and its session on it: each made once, on first demand, and made anew after a failure. */
export class Connection {
  readonly #options: ComputerAgentOptions;
  readonly #signal: AbortSignal;
  readonly #booted = retryable(() => bootHarness(this.#options, this.#signal));
  readonly #opened = retryable(() => this.#open());
  #session: OpenSession | undefined;
  #id: string | undefined;
  /** The end of the session before: the next one may have its id. */
  #leaving: Promise<void> = Promise.resolve();

  /** The signal ends what is under way, and that nothing is begun any more. */
  constructor(options: ComputerAgentOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#id = options.sessionId;
  }

  /** The session, once there is one. */
  get session(): OpenSession | undefined {
    return this.#session;
  }

  harness(): Promise<BootedHarness> {
    return this.#booted.get();
  }

  /** The session. One that has ended is made anew where its conversation is kept: nothing of it is lost. */
  async open(): Promise<OpenSession> {
    const session = await this.#opened.get();
    if (session.ended === undefined || !this.#options.sessionStore || !this.#id) return session;
    if (session === this.#session) await this.leave();
    return this.#opened.get();
  }

  /** Ends the session, so that the next demand makes another. */
  leave(): Promise<void> {
    const session = this.#session;
    if (session) {
      this.#session = undefined;
      this.#opened.reset();
      this.#leaving = this.#end(session);
    }
    return this.#leaving;
  }

  async #end(session: OpenSession): Promise<void> {
    try {
      await this.#sayGoodbye(session);
    } finally {
      // A harness may refuse an id that it still has.
      await session.client.remove(session.id, { signal: this.#signal });
    }
  }

  /** Ends the session and the harness, and waits for it. The signal must have aborted. */
  async close(): Promise<void> {
    // Whoever asked for them is told why they failed.
    await this.#leaving.catch(() => undefined);
    await this.#opened.current()?.catch(() => undefined);
    const booted = await this.#booted.current()?.catch(() => undefined);
    try {
      if (this.#session) await this.#sayGoodbye(this.#session);
    } finally {
      await booted?.shutdown();
    }
  }

  async #open(): Promise<OpenSession> {
    const { baseUrl } = await this.#booted.get();
    await this.#leaving.catch(() => undefined);
    const client = new HarnessClient({
      baseUrl,
      fetch: this.#options.fetch,
      timeouts: timeoutsOf(this.#options),
    });
    const store = this.#hostStore;
    // A host-side store is asked for what it has before the harness can give the session a name.
    if (store) this.#id ??= `sess_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
    const body = await createBody(this.#options, this.#id);
    if (store && this.#id) await seedFrom(store, { client, id: this.#id, signal: this.#signal });
    assertNotAborted(this.#signal);
    const created = await client.create(body, this.#signal);
    const { sessionId: id } = created;
    const reconnect = reconnectOf(this.#options);
    const mirror = store && new TranscriptMirror({ client, id, store, reconnect });
    const isResendable = created.idempotentMessages === true;
    const cursor = { lastEventId: undefined };
    this.#session = { client, id, reconnect, mirror, isResendable, cursor, costUsd: 0 };
    return this.#session;
  }

  get #hostStore(): HostSessionStore | undefined {
    const { sessionStore } = this.#options;
    return sessionStore && isHostStore(sessionStore) ? sessionStore : undefined;
  }

  /**
   * A harness that is already gone needs no goodbye; whatever else is wrong, its shutdown will tell. What the engine
   * wrote last is another matter: that it may be lost is told.
   */
  async #sayGoodbye(session: OpenSession): Promise<void> {
    const { client, id, mirror } = session;
    const told =
      session.ended !== undefined ||
      (await client.endInput(id, { timeoutMs: GOODBYE_MS }).then(
        () => true,
        () => false,
      ));
    await session.cancelling;
    if (!mirror) return;
    if (told) await mirror.untilOver(GOODBYE_MS);
    try {
      await mirror.flush(timeoutsOf(this.#options).flushMs);
    } finally {
      await mirror.stop();
    }
  }
}
