import type { HarnessEvent } from '@computeragent/protocol';
import { HarnessConnectionError } from './errors.ts';
import { EventBuffer, type EventReader } from './event-buffer.ts';
import type { CallOptions } from './options.ts';
import type { PermissionDecision } from './permission.ts';
import { isResult } from './turn.ts';
import { UsageMeter, type UsageRollup } from './usage.ts';

type SessionEnded = Extract<HarnessEvent, { kind: 'ca_session_ended' }>;

/** What a turn came to. */
export interface ChatResult {
  readonly sessionId: string;
  /** The engine's own messages, in order. With `keepEvents: false` only those that end a turn. */
  readonly messages: readonly unknown[];
  readonly ended: SessionEnded;
  readonly usage: UsageRollup;
  /** Messages of the engine that the harness no longer had when they were read; 0 unless its reader was too slow. */
  readonly dropped: number;
}

/** What a handle shows. */
export interface ChatSource {
  readonly sessionId: Promise<string>;
  /** Up to the turn's end, as many as came together; read once. */
  readonly batches: AsyncIterator<readonly HarnessEvent[], void>;
  /** Events that may be read before a loop takes them. */
  readonly readAhead: number;
  /** False: events are let go once they were read. */
  readonly keepEvents: boolean;
  /** What the session had cost before. */
  costBefore(): number;
  /** Sees each event as it is read. */
  onEvent?: ((event: HarnessEvent) => void) | undefined;
  cancel(options: CallOptions): Promise<void>;
  respond(callId: string, decision: PermissionDecision, options: CallOptions): Promise<void>;
}

/**
 * One turn: iterate it for its events, await it for its result, or both. The turn is read once, whoever looks; each
 * iteration sees all its events from the first. A loop sets the pace: no more than `readAhead` events are read before
 * it takes them, and the harness waits. Leaving a loop early does not stop the turn: `cancel()` does.
 */
export class ChatHandle implements AsyncIterable<HarnessEvent>, PromiseLike<ChatResult> {
  readonly #source: ChatSource;
  readonly #buffer: EventBuffer;
  readonly #usage = new UsageMeter();
  readonly #results: unknown[] = [];
  #ended: SessionEnded | undefined;
  #dropped = 0;
  /** Resolves when nothing more is read. */
  readonly #settled: Promise<void>;

  /** @internal */
  constructor(source: ChatSource) {
    this.#source = source;
    this.#buffer = new EventBuffer(source.readAhead, source.keepEvents);
    this.#settled = this.#read();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<HarnessEvent, void> {
    const reader: EventReader = this.#buffer.attach();
    try {
      for (;;) {
        const next = this.#buffer.take(reader) ?? (await this.#buffer.wait(reader));
        if (!next) return;
        yield next;
      }
    } finally {
      this.#buffer.detach(reader);
    }
  }

  /**
   * Reads the turn to its end. Look at `ended.reason`: an engine's error is a result.
   * @throws HarnessProtocolError when the harness rejects something, HarnessConnectionError when it goes away or a
   * deadline passes, SessionStoreError when the transcript cannot be kept, the signal's reason when aborted.
   */
  async result(): Promise<ChatResult> {
    this.drain();
    return this.outcome();
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
    return this.#usage.rollup(this.#source.costBefore());
  }

  /**
   * Cancels the session, not this turn alone: the protocol knows no less. The turn then ends with the reason
   * "cancelled". A chat that is still waiting for its turn is taken back instead, and rejects with an AbortError.
   */
  cancel(options: CallOptions = {}): Promise<void> {
    return this.#source.cancel(options);
  }

  /**
   * Answers a permission request of this turn. With `onToolCall: "manual"` nobody else does; otherwise the first answer
   * counts.
   * @throws HarnessProtocolError with the code `UNKNOWN_CALL_ID` when it was answered before.
   */
  respondToPermission(
    callId: string,
    decision: PermissionDecision,
    options: CallOptions = {},
  ): Promise<void> {
    return this.#source.respond(callId, decision, options);
  }

  /** @internal Reads on, whatever the loops' pace is. */
  drain(): void {
    this.#buffer.unbind();
  }

  /** @internal Resolves when the turn is over for its reader; never rejects. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** @internal The result, at the pace of whoever reads. */
  async outcome(): Promise<ChatResult> {
    await this.#settled;
    if (this.#buffer.failure) throw this.#buffer.failure.error;
    if (!this.#ended)
      throw new HarnessConnectionError('STREAM_ENDED', 'the events ended before the turn did');
    return {
      sessionId: await this.#source.sessionId,
      messages: this.#source.keepEvents ? this.#buffer.kept.flatMap(messageIn) : this.#results,
      ended: this.#ended,
      usage: this.getUsage(),
      dropped: this.#dropped,
    };
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        await this.#buffer.room();
        const { value, done } = await this.#source.batches.next();
        if (done) return this.#buffer.close();
        for (const event of value) this.#see(event);
        this.#buffer.add(value);
      }
    } catch (error) {
      this.#buffer.fail(error);
    }
  }

  #see(event: HarnessEvent): void {
    this.#source.onEvent?.(event);
    if (event.kind === 'ca_usage_snapshot') this.#usage.add(event);
    if (event.kind === 'ca_session_ended') this.#ended = event;
    if (event.kind === 'ca_events_dropped') this.#dropped += event.to - event.from + 1;
    if (!this.#source.keepEvents && isResult(event)) this.#results.push(...messageIn(event));
  }
}

const messageIn = (event: HarnessEvent): unknown[] => (event.kind === 'sdk_message' ? [event.payload] : []);
