import type { FsTreeEntry } from '@computeragent/protocol';
import { ChatHandle } from './chat-handle.ts';
import { Connection } from './connection.ts';
import { isDebug, logged } from './debug.ts';
import { checkOptions, messagesOf, type ChatInput, type ComputerAgentOptions } from './options.ts';
import type { Decide } from './permission.ts';
import { takeTurns, type Chat, type OpenSession } from './session.ts';
import { observeChat, quietly } from './telemetry.ts';
import { abortable, assertNotAborted } from './wait.ts';

/** Options of one chat. */
export interface ChatOptions {
  /**
   * Takes the chat back while it waits for its turn, and cancels the session once its message is sent: the protocol
   * cannot end a turn alone. The handle rejects with the signal's reason.
   */
  readonly signal?: AbortSignal;
}

const allow: Decide = () => ({ decision: 'allow' });

/**
 * An agent: one session on one harness, booted with its first request.
 * @throws TypeError when constructed with a `baseUrl` or `harnessUrl` that is no URL.
 */
export class ComputerAgent {
  readonly #options: ComputerAgentOptions;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #connection: Connection;
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
    const handle = this.#handle(messages, options.signal);
    if (this.#options.telemetry) observeChat(this.#options.telemetry, handle, input);
    // The turn is read on after an early break: the next one must begin where this one has ended. A chat that was taken
    // back does not end the wait for those before it.
    this.#previous = Promise.allSettled([this.#previous, handle.result()]);
    return handle;
  }

  /** Boots the harness and creates the session, without a turn. Idempotent. */
  async ensureSession(): Promise<string> {
    this.#assertAlive();
    return (await this.#connection.open()).id;
  }

  /** Where the harness answers; boots it if need be. */
  async harnessUrl(): Promise<string> {
    this.#assertAlive();
    return (await this.#connection.harness()).baseUrl;
  }

  /** Writes a file into the session's folder. */
  async writeArtifact(path: string, content: Uint8Array | string): Promise<void> {
    const { client, id } = this.#current();
    await client.writeFile(id, path, content, this.#signal);
  }

  /** A file's bytes from the session's folder; null when there is none. */
  async fetchArtifact(path: string): Promise<Uint8Array | null> {
    const { client, id } = this.#current();
    return client.readFile(id, path, this.#signal);
  }

  /** A file's text from the session's folder; null when there is none. */
  async fetchArtifactText(path: string): Promise<string | null> {
    const bytes = await this.fetchArtifact(path);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** What is in the session's folder. */
  async listWorkdir(query: { readonly path?: string; readonly depth?: number } = {}): Promise<FsTreeEntry[]> {
    const { client, id } = this.#current();
    return client.tree(id, query, this.#signal);
  }

  /** Ends chats, session and harness, also in the middle of a boot, and waits for it. Idempotent. */
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

  #handle(messages: Chat['messages'], signal: AbortSignal | undefined): ChatHandle {
    const taken = new AbortController();
    const own = anyOf(taken.signal, signal);
    const chat = { messages, decide: this.#options.onToolCall ?? allow, signal: anyOf(this.#signal, own) };
    let sent: OpenSession | undefined;
    // Only this chat's own signal ends its wait: the agent's ends the boot itself, whose error says more.
    const session = abortable(this.#inTurn(own), own).then((opened) => (sent = opened));
    const sessionId = session.then(({ id }) => id);
    // The handle's own reader gets the same rejection: nobody has to look at this one.
    sessionId.catch(() => undefined);
    const events = turnsOf(session, chat);
    return new ChatHandle({
      sessionId,
      events: isDebug(this.#options.debug) ? logged(events) : events,
      cancel: async () => {
        if (sent) await sent.client.cancel(sent.id);
        else taken.abort(new DOMException('the chat was taken back', 'AbortError'));
      },
    });
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
}

async function* turnsOf(session: Promise<OpenSession>, chat: Chat): ReturnType<typeof takeTurns> {
  yield* takeTurns(await session, chat);
}

function anyOf(signal: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([signal, other]) : signal;
}
