import type { FsTreeEntry } from '@computeragent/protocol';
import { ChatHandle } from './chat-handle.ts';
import { Connection } from './connection.ts';
import { eventLogger } from './debug.ts';
import { HarnessConnectionError } from './errors.ts';
import {
  checkOptions,
  messagesOf,
  type CallOptions,
  type ChatInput,
  type ChatOptions,
  type ComputerAgentOptions,
} from './options.ts';
import { decideAlone, tell } from './permission.ts';
import { takeTurns, type Chat, type OpenSession } from './session.ts';
import { observeChat, quietly } from './telemetry.ts';
import { abortable, assertNotAborted, within } from './wait.ts';

const READ_AHEAD = 4096;

/**
 * An agent: one session on one harness, booted with its first request.
 * @throws TypeError when constructed with a `baseUrl` or `harnessUrl` that is no URL.
 */
export class ComputerAgent {
  readonly #options: ComputerAgentOptions;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #connection: Connection;
  readonly #unsettled = new Set<ChatHandle>();
  #disposed: Promise<void> | undefined;
  /** Settles when every chat so far has been read to its end, by its caller or, after an early break, by us. */
  #previous: Promise<unknown> = Promise.resolve();

  constructor(options: ComputerAgentOptions) {
    checkOptions(options);
    const { source, harness, model, baseUrl, telemetry } = options;
    this.#options = options;
    this.#signal = anyOf(this.#closing.signal, options.signal);
    this.#connection = new Connection(options, this.#signal);
    const made = {
      source,
      harness,
      ...(model === undefined ? {} : { model }),
      ...(baseUrl === undefined ? {} : { baseUrl }),
    };
    quietly(() => telemetry?.onAgentConstructed?.(made));
  }

  /** The session's id: after it was created, or the one that the options name. */
  get sessionId(): string | undefined {
    return this.#connection.session?.id ?? this.#options.sessionId;
  }

  /**
   * Sends a message and answers at once with a handle on its turn: iterate it, await it, or both. Chats of one agent
   * follow each other, and each is read to its end even when nobody looks. A boot or a session that failed is tried
   * again with the next call.
   */
  chat(input: ChatInput, options: ChatOptions = {}): ChatHandle {
    this.#assertAlive();
    const messages = messagesOf(input);
    // What waits for an earlier chat must not wait for the pace of a loop over it: that loop may be waiting for us.
    for (const earlier of this.#unsettled) earlier.drain();
    const handle = this.#handle(messages, options);
    if (this.#options.telemetry) observeChat(this.#options.telemetry, handle, input);
    this.#unsettled.add(handle);
    const settled = handle.settled.then(() => this.#unsettled.delete(handle));
    // A chat that was taken back does not end the wait for those before it.
    this.#previous = Promise.all([this.#previous, settled]).then(() => undefined);
    return handle;
  }

  /** Boots the harness and creates the session, without a turn. Idempotent. */
  async ensureSession(options: CallOptions = {}): Promise<string> {
    this.#assertAlive();
    const { id } = await this.#wait('the session', options, () => this.#connection.open());
    return id;
  }

  /**
   * Ends the session, also in the middle of a turn, and creates another on the same harness: after a cancel, or to
   * begin anew. With a store that keeps conversations, and the same `sessionId`, it goes on where this one was.
   */
  async newSession(options: CallOptions = {}): Promise<string> {
    this.#assertAlive();
    const { session } = this.#connection;
    if (session && this.#unsettled.size > 0) await session.client.cancel(session.id, options);
    for (const handle of this.#unsettled) handle.drain();
    await this.#wait('the chats before', options, () => this.#previous);
    await this.#wait('the end of the session', options, () => this.#connection.leave());
    return this.ensureSession(options);
  }

  /** Where the harness answers; boots it if need be. */
  async harnessUrl(options: CallOptions = {}): Promise<string> {
    this.#assertAlive();
    const { baseUrl } = await this.#wait('the harness', options, () => this.#connection.harness());
    return baseUrl.replace(/\/+$/, '');
  }

  /** Writes a file into the session's folder. */
  async writeArtifact(path: string, content: Uint8Array | string, options: CallOptions = {}): Promise<void> {
    const { client, id } = this.#current();
    await client.writeFile(id, path, content, this.#own(options));
  }

  /** A file's bytes from the session's folder; null when there is none. */
  async fetchArtifact(path: string, options: CallOptions = {}): Promise<Uint8Array | null> {
    const { client, id } = this.#current();
    return client.readFile(id, path, this.#own(options));
  }

  /** A file's text from the session's folder; null when there is none. */
  async fetchArtifactText(path: string, options: CallOptions = {}): Promise<string | null> {
    const bytes = await this.fetchArtifact(path, options);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** What is in the session's folder. */
  async listWorkdir(
    query: { readonly path?: string; readonly depth?: number } & CallOptions = {},
  ): Promise<FsTreeEntry[]> {
    const { client, id } = this.#current();
    return client.tree(id, query, this.#own(query));
  }

  /**
   * Ends chats, session and harness, also in the middle of a boot, and waits for it. Idempotent.
   * @throws SessionStoreError when the end of the conversation may not have been kept.
   */
  dispose(): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  async #dispose(): Promise<void> {
    this.#closing.abort(new DOMException('the agent was disposed', 'AbortError'));
    await this.#previous;
    try {
      await this.#connection.close();
    } finally {
      quietly(() => this.#options.telemetry?.onClose?.());
    }
  }

  #handle(messages: Chat['messages'], options: ChatOptions): ChatHandle {
    const { debug, onToolCall = decideAlone } = this.#options;
    const taken = new AbortController();
    const own = anyOf(taken.signal, options.signal);
    const chat = { messages, decide: onToolCall, signal: AbortSignal.any([this.#signal, own]) };
    let sent: OpenSession | undefined;
    let costBefore = 0;
    // Only this chat's own signal ends its wait: the agent's ends the boot itself, whose error says more.
    const session = abortable(this.#inTurn(own), own).then((opened) => {
      costBefore = opened.costUsd;
      return (sent = opened);
    });
    const sessionId = session.then(({ id }) => id);
    // The handle's own reader gets the same rejection: nobody has to look at this one.
    sessionId.catch(() => undefined);
    const handle = new ChatHandle({
      sessionId,
      batches: turnsOf(session, chat),
      readAhead: Math.max(1, options.readAhead ?? READ_AHEAD),
      keepEvents: options.keepEvents ?? true,
      costBefore: () => costBefore,
      onEvent: eventLogger(debug),
      cancel: async (call) => {
        if (sent) await sent.client.cancel(sent.id, this.#own(call));
        else taken.abort(new DOMException('the chat was taken back', 'AbortError'));
      },
      respond: async (callId, decision, call) => tell(await session, callId, decision, this.#own(call)),
    });
    // A turn that is to end must not wait for a loop that takes no more events.
    const drain = (): void => handle.drain();
    chat.signal.addEventListener('abort', drain, { once: true });
    void handle.settled.then(() => chat.signal.removeEventListener('abort', drain));
    if (options.timeoutMs !== undefined) abortAfter(options.timeoutMs, taken, handle.settled);
    return handle;
  }

  async #inTurn(signal: AbortSignal): Promise<OpenSession> {
    await this.#previous;
    assertNotAborted(signal);
    return this.#connection.open();
  }

  #current(): OpenSession {
    this.#assertAlive();
    const { session } = this.#connection;
    if (!session) throw new Error('no session yet: chat first, or call ensureSession()');
    return session;
  }

  #assertAlive(): void {
    if (this.#disposed) throw new Error('the agent was disposed');
  }

  #own({ signal, timeoutMs }: CallOptions): CallOptions {
    return { signal: anyOf(this.#signal, signal), timeoutMs };
  }

  /** What others wait for, too, goes on when one of them leaves. */
  #wait<T>(what: string, { signal, timeoutMs }: CallOptions, work: () => Promise<T>): Promise<T> {
    if (timeoutMs === undefined) return signal ? abortable(work(), signal) : work();
    const late = () => new HarnessConnectionError('TIMEOUT', `${what} was not there within ${timeoutMs} ms`);
    return within({ ms: timeoutMs, signal, late }, work);
  }
}

async function* turnsOf(session: Promise<OpenSession>, chat: Chat): ReturnType<typeof takeTurns> {
  yield* takeTurns(await session, chat);
}

function abortAfter(ms: number, controller: AbortController, done: Promise<void>): void {
  const late = new HarnessConnectionError('TIMEOUT', `the chat was not over within ${ms} ms`);
  const timer = setTimeout(() => controller.abort(late), ms);
  void done.then(() => clearTimeout(timer));
}

function anyOf(signal: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([signal, other]) : signal;
}
