import type { FsTreeEntry } from '@computeragent/protocol';
import { ChatHandle, type PermissionDecision, type ToolCallContext } from './chat-handle.ts';
import { HarnessClient } from './client.ts';
import {
  checkOptions,
  createBody,
  environment,
  messagesOf,
  staticUrl,
  type ChatInput,
  type ComputerAgentOptions,
} from './options.ts';
import { retryable } from './retryable.ts';
import { takeTurns, type OpenSession } from './session.ts';
import type { BootedHarness } from './substrate.ts';

/**
 * An agent: one session on one harness, booted with its first request.
 * @throws TypeError when constructed with a `baseUrl` that is no URL.
 */
export class ComputerAgent {
  readonly #options: ComputerAgentOptions;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #booted = retryable(() => this.#boot());
  readonly #opened = retryable(() => this.#open());
  #session: OpenSession | undefined;
  #disposed: Promise<void> | undefined;
  /** Ends when every turn so far has been read, by its caller or, after an early break, by us. */
  #previous: Promise<unknown> = Promise.resolve();

  constructor(options: ComputerAgentOptions) {
    checkOptions(options);
    this.#options = options;
    this.#signal = options.signal
      ? AbortSignal.any([options.signal, this.#closing.signal])
      : this.#closing.signal;
  }

  /** The session's id: after it was created, or the one that the options name. */
  get sessionId(): string | undefined {
    return this.#session?.id ?? this.#options.sessionId;
  }

  /**
   * Sends a message and answers at once with the turn: iterate it, await it, or both. Turns of one agent follow each
   * other. A failed boot or session is tried again with the next call.
   */
  chat(input: ChatInput, options: { readonly signal?: AbortSignal } = {}): ChatHandle {
    this.#assertAlive();
    const messages = messagesOf(input);
    const signal = options.signal ? AbortSignal.any([options.signal, this.#signal]) : this.#signal;
    const session = this.#previous.then(() => this.#opened.get());
    session.catch(() => undefined);
    const sessionId = session.then(({ id }) => id);
    sessionId.catch(() => undefined);
    const handle = new ChatHandle({
      sessionId,
      open: () => openTurn(session, messages, signal),
      decide: (context) => this.#decide(context),
      answer: async (callId, body) => {
        const { client, id } = await session;
        await client.permission(id, callId, body, signal);
      },
      cancel: async () => {
        const { client, id } = await session;
        await client.cancel(id);
      },
    });
    // Reading starts now and goes on after an early break: the next turn must begin where this one has ended.
    this.#previous = handle.result().then(
      () => undefined,
      () => undefined,
    );
    return handle;
  }

  /** Boots the harness and creates the session, without a turn. Idempotent. */
  async ensureSession(): Promise<string> {
    this.#assertAlive();
    return (await this.#opened.get()).id;
  }

  /** Where the harness answers; boots it if need be. */
  async harnessUrl(): Promise<string> {
    this.#assertAlive();
    return (await this.#booted.get()).baseUrl;
  }

  /** Writes a file into the session's folder. */
  async writeArtifact(path: string, content: Uint8Array | string): Promise<void> {
    const { client, id } = this.#current();
    await client.writeFile(id, path, content);
  }

  /** A file's bytes from the session's folder; null when there is none. */
  async fetchArtifact(path: string): Promise<Uint8Array | null> {
    const { client, id } = this.#current();
    return client.readFile(id, path);
  }

  /** A file's text from the session's folder; null when there is none. */
  async fetchArtifactText(path: string): Promise<string | null> {
    const bytes = await this.fetchArtifact(path);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** What is in the session's folder. */
  async listWorkdir(query: { readonly path?: string; readonly depth?: number } = {}): Promise<FsTreeEntry[]> {
    const { client, id } = this.#current();
    return client.tree(id, query);
  }

  /** Ends the session and its harness, also in the middle of a boot, and waits for it. Idempotent. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  async #dispose(): Promise<void> {
    const session = this.#session;
    // A harness that is already gone needs no goodbye; whatever else is wrong, its shutdown will tell.
    await session?.client.endInput(session.id).catch(() => undefined);
    this.#closing.abort(new DOMException('the agent was disposed', 'AbortError'));
    const booted = await this.#booted.current()?.catch(() => undefined);
    await booted?.shutdown();
    await this.#previous;
  }

  async #boot(): Promise<BootedHarness> {
    const { runtime } = this.#options;
    if (typeof runtime !== 'object')
      return { baseUrl: staticUrl(this.#options), shutdown: () => Promise.resolve() };
    return runtime.bootHarness({ envs: environment(this.#options), signal: this.#signal });
  }

  async #open(): Promise<OpenSession> {
    const { baseUrl } = await this.#booted.get();
    const client = new HarnessClient({ baseUrl, fetch: this.#options.fetch });
    const created = await client.create(createBody(this.#options), this.#signal);
    this.#session = { client, id: created.sessionId, cursor: { lastEventId: undefined } };
    return this.#session;
  }

  async #decide(context: ToolCallContext): Promise<PermissionDecision> {
    return this.#options.onToolCall ? this.#options.onToolCall(context) : { decision: 'allow' };
  }

  #current(): OpenSession {
    if (!this.#session) throw new Error('no session yet: chat first, or call ensureSession()');
    return this.#session;
  }

  #assertAlive(): void {
    if (this.#disposed) throw new Error('the agent was disposed');
  }
}

async function* openTurn(
  session: Promise<OpenSession>,
  messages: Parameters<typeof takeTurns>[1],
  signal: AbortSignal,
): ReturnType<typeof takeTurns> {
  yield* takeTurns(await session, messages, signal);
}
