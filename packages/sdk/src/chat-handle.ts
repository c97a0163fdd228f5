import type { HarnessEvent } from '@computeragent/protocol';
import { HarnessConnectionError } from './errors.ts';
import { UsageMeter, type UsageRollup } from './usage.ts';

type SessionEnded = Extract<HarnessEvent, { kind: 'ca_session_ended' }>;

/** What a turn came to. */
export interface ChatResult {
  readonly sessionId: string;
  /** The engine's own messages, in order. */
  readonly messages: readonly unknown[];
  readonly ended: SessionEnded;
  readonly usage: UsageRollup;
}

/** What a handle shows. */
export interface ChatSource {
  readonly sessionId: Promise<string>;
  /** Up to the turn's end; read once. */
  readonly events: AsyncIterator<HarnessEvent, void>;
  cancel(): Promise<void>;
}

/**
 * One turn: iterate it for its events, await it for its result, or both. The turn is read once, whoever looks; each
 * iteration sees all its events from the first. Leaving a loop early does not stop the turn: `cancel()` does.
 */
export class ChatHandle implements AsyncIterable<HarnessEvent>, PromiseLike<ChatResult> {
  readonly #source: ChatSource;
  readonly #events: HarnessEvent[] = [];
  readonly #usage = new UsageMeter();
  #pull: Promise<boolean> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #done = false;

  /** @internal */
  constructor(source: ChatSource) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<HarnessEvent, void> {
    for (let index = 0; ; index++) {
      while (index >= this.#events.length) {
        if (!(await this.#more())) return;
      }
      const event = this.#events[index];
      if (event) yield event;
    }
  }

  /**
   * Reads the turn to its end. Look at `ended.reason`: an engine's error is a result.
   * @throws HarnessProtocolError when the harness rejects something, HarnessConnectionError when it goes away, the
   * signal's reason when aborted.
   */
  async result(): Promise<ChatResult> {
    while (await this.#more());
    const ended = this.#events.at(-1);
    if (ended?.kind !== 'ca_session_ended') {
      throw new HarnessConnectionError('STREAM_ENDED', 'the events ended before the turn did');
    }
    return {
      sessionId: await this.#source.sessionId,
      messages: this.#events.flatMap((event) => (event.kind === 'sdk_message' ? [event.payload] : [])),
      ended,
      usage: this.getUsage(),
    };
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a handle is awaitable by design
  then<A = ChatResult, B = never>(
    onFulfilled?: ((value: ChatResult) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    return this.result().then(onFulfilled, onRejected);
  }

  /** The session's id, once there is one. */
  sessionId(): Promise<string> {
    return this.#source.sessionId;
  }

  /** What was used so far. */
  getUsage(): UsageRollup {
    return this.#usage.rollup;
  }

  /**
   * Cancels the session, not this turn alone: the protocol knows no less. The turn then ends with the reason
   * "cancelled". A chat that is still waiting for its turn is taken back instead, and rejects with an AbortError.
   */
  cancel(): Promise<void> {
    return this.#source.cancel();
  }

  /** One event more; false at the end. Readers share one pull, so that the turn is read once. */
  #more(): Promise<boolean> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    if (this.#done) return Promise.resolve(false);
    this.#pull ??= this.#next().finally(() => {
      this.#pull = undefined;
    });
    return this.#pull;
  }

  async #next(): Promise<boolean> {
    try {
      const { value, done } = await this.#source.events.next();
      if (done) {
        this.#done = true;
        return false;
      }
      if (value.kind === 'ca_usage_snapshot') this.#usage.add(value);
      this.#events.push(value);
      return true;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
