import type { HarnessEvent, PermissionBody } from '@computeragent/protocol';
import type { UsageRollup } from './usage.ts';
import { UsageMeter } from './usage.ts';

type SessionEnded = Extract<HarnessEvent, { kind: 'ca_session_ended' }>;
type PermissionRequest = Extract<HarnessEvent, { kind: 'ca_permission_request' }>;

/** What a turn came to. */
export interface ChatResult {
  readonly sessionId: string;
  /** The engine's own messages, in order. */
  readonly messages: readonly unknown[];
  readonly ended: SessionEnded;
  readonly usage: UsageRollup;
}

/** What `onToolCall` is asked about. */
export interface ToolCallContext {
  readonly callId: string;
  readonly toolName: string;
  readonly input: unknown;
  readonly risk?: PermissionRequest['risk'];
}

/** An answer to a permission request. */
export type PermissionDecision =
  | { readonly decision: 'allow'; readonly input?: unknown }
  | { readonly decision: 'deny'; readonly reason?: string }
  | { readonly decision: 'modify'; readonly input: unknown };

/** What a turn needs of its agent. */
export interface TurnSource {
  /** The session's id, once there is one. */
  readonly sessionId: Promise<string>;
  /** Sends the message and yields events up to the turn's end. Called once. */
  open(): AsyncGenerator<HarnessEvent, void>;
  decide(context: ToolCallContext): Promise<PermissionDecision>;
  answer(callId: string, body: PermissionBody): Promise<void>;
  cancel(): Promise<void>;
}

/**
 * One turn: iterate it for its events, await it for its result, or both. The turn is read once; each iteration sees
 * all its events from the first.
 */
export class ChatHandle implements AsyncIterable<HarnessEvent>, PromiseLike<ChatResult> {
  readonly #source: TurnSource;
  readonly #events: HarnessEvent[] = [];
  readonly #usage = new UsageMeter();
  #iterator: AsyncGenerator<HarnessEvent, void> | undefined;
  #pull: Promise<boolean> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #done = false;

  /** @internal */
  constructor(source: TurnSource) {
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

  /** Reads the turn to its end. Rejects when the stream ends before the turn did. */
  async result(): Promise<ChatResult> {
    while (await this.#more());
    const ended = this.#events.findLast((event) => event.kind === 'ca_session_ended');
    if (ended?.kind !== 'ca_session_ended') throw new Error('the stream ended before the turn did');
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

  /** Ends the session's work. */
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
      this.#iterator ??= this.#source.open();
      const { value, done } = await this.#iterator.next();
      if (done) {
        this.#done = true;
        return false;
      }
      if (value.kind === 'ca_permission_request') await this.#answer(value);
      if (value.kind === 'ca_usage_snapshot') this.#usage.add(value);
      this.#events.push(value);
      return true;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  async #answer(request: PermissionRequest): Promise<void> {
    const { callId, toolName, input, risk } = request;
    const decision = await this.#source.decide({
      callId,
      toolName,
      input,
      ...(risk === undefined ? {} : { risk }),
    });
    await this.#source.answer(callId, decision);
  }
}
