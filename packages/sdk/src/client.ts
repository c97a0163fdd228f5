import type {
  CreateSessionInput,
  CreateSessionResponse,
  FlushResponse,
  FsTreeEntry,
  PermissionBody,
  SessionInfo,
  UserMessage,
} from '@computeragent/protocol';
import { HarnessProtocolError } from './errors.ts';
import { Http } from './http.ts';
import type { CallOptions, Timeouts } from './options.ts';

/** How a client reaches a harness. */
export interface ClientOptions {
  /** May carry a path prefix. */
  readonly baseUrl: string;
  readonly fetch?: typeof fetch | undefined;
  readonly timeouts: Required<Timeouts>;
}

/** Reads a response that is only a receipt. */
const discard = async (response: Response): Promise<void> => {
  await response.body?.cancel();
};

/** The protocol's requests, each with a deadline. */
export class HarnessClient {
  readonly #http: Http;
  readonly #timeouts: Required<Timeouts>;

  constructor(options: ClientOptions) {
    this.#http = new Http(options.baseUrl, options.fetch);
    this.#timeouts = options.timeouts;
  }

  create(body: CreateSessionInput, signal: AbortSignal): Promise<CreateSessionResponse> {
    return this.#http.call({
      failure: 'the session could not be created',
      method: 'POST',
      path: '/v1/sessions',
      json: body,
      timeoutMs: this.#timeouts.createMs,
      signal,
      requested: {
        engine: body.engine,
        loader: body.identity.loader,
        ...(body.sessionStore ? { store: body.sessionStore.kind } : {}),
      },
      read: createdIn,
    });
  }

  /** By its key, a harness that heeds keys tells a message that is sent again from another one. */
  message(id: string, message: UserMessage, key: string, signal: AbortSignal): Promise<void> {
    return this.#http.call({
      failure: 'the message was not taken',
      method: 'POST',
      path: sessionPath(id, '/messages'),
      headers: { 'Idempotency-Key': key },
      json: { message },
      timeoutMs: this.#timeouts.requestMs,
      signal,
      read: discard,
    });
  }

  permission(id: string, callId: string, body: PermissionBody, options: CallOptions): Promise<void> {
    const path = sessionPath(id, `/permission/${encodeURIComponent(callId)}`);
    return this.#post('the permission was not taken', path, body, options);
  }

  cancel(id: string, options: CallOptions = {}): Promise<void> {
    return this.#post('the session was not cancelled', sessionPath(id, '/cancel'), {}, options);
  }

  endInput(id: string, options: CallOptions = {}): Promise<void> {
    return this.#post('the input was not ended', sessionPath(id, '/end-input'), {}, options);
  }

  /** Ends the session and forgets it. One that is unknown is gone already. */
  async remove(id: string, options: CallOptions = {}): Promise<void> {
    try {
      await this.#http.call({
        failure: 'the session was not removed',
        method: 'DELETE',
        path: sessionPath(id, ''),
        timeoutMs: options.timeoutMs ?? this.#timeouts.requestMs,
        signal: options.signal,
        read: discard,
      });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** What a session is doing. */
  info(id: string, signal: AbortSignal): Promise<Partial<SessionInfo>> {
    return this.#http.call({
      failure: 'the session is gone',
      path: sessionPath(id, ''),
      timeoutMs: this.#timeouts.requestMs,
      signal,
      read: async (response) => ((await response.json()) ?? {}) as Partial<SessionInfo>,
    });
  }

  /** Opens the event stream. The deadline is over its beginning: it lasts as long as the turn. */
  events(id: string, lastEventId: number | undefined, signal: AbortSignal): Promise<Response> {
    return this.#http.call({
      failure: 'the events could not be read',
      path: sessionPath(id, '/events'),
      headers: {
        Accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) }),
      },
      timeoutMs: this.#timeouts.requestMs,
      signal,
      read: (response) => Promise.resolve(response),
    });
  }

  /** A file's bytes; null when there is none. */
  async readFile(id: string, path: string, options: CallOptions): Promise<Uint8Array | null> {
    try {
      return await this.#http.call({
        failure: `file ${path} could not be read`,
        path: filePath(id, path),
        timeoutMs: options.timeoutMs ?? this.#timeouts.transferMs,
        signal: options.signal,
        read: async (response) => new Uint8Array(await response.arrayBuffer()),
      });
    } catch (error) {
      if (!isMissing(error)) throw error;
      // A file that is missing and a session that is gone are both 404; only the first is an answer.
      await this.info(id, options.signal ?? new AbortController().signal);
      return null;
    }
  }

  writeFile(id: string, path: string, content: Uint8Array | string, options: CallOptions): Promise<void> {
    return this.#http.call({
      failure: `file ${path} could not be written`,
      method: 'PUT',
      path: filePath(id, path),
      body: content,
      timeoutMs: options.timeoutMs ?? this.#timeouts.transferMs,
      signal: options.signal,
      read: discard,
    });
  }

  tree(
    id: string,
    query: { readonly path?: string | undefined; readonly depth?: number | undefined },
    options: CallOptions,
  ): Promise<FsTreeEntry[]> {
    const search = new URLSearchParams();
    if (query.path !== undefined) search.set('path', query.path);
    if (query.depth !== undefined) search.set('depth', String(query.depth));
    return this.#http.call({
      failure: 'the folder could not be listed',
      path: sessionPath(id, `/fs/tree?${search.toString()}`),
      timeoutMs: options.timeoutMs ?? this.#timeouts.requestMs,
      signal: options.signal,
      read: async (response) => ((await response.json()) as { entries: FsTreeEntry[] }).entries,
    });
  }

  /** Gives the harness what a session's engine is to know of its past. */
  async seedTranscript(id: string, lines: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    await this.#http.call({
      failure: 'the transcript was not taken; is there a harness that knows host-side stores?',
      method: 'PUT',
      path: `/v1/transcripts/${encodeURIComponent(id)}`,
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: lines,
      timeoutMs: this.#timeouts.transferMs,
      signal,
      read: discard,
    });
  }

  /** Opens what the engine writes. Lines up to `after` are not wanted any more. */
  transcript(id: string, after: number, signal: AbortSignal): Promise<Response> {
    return this.#http.call({
      failure: 'the transcript could not be read',
      path: sessionPath(id, `/transcript?after=${after}&follow=1`),
      timeoutMs: this.#timeouts.requestMs,
      signal,
      read: (response) => Promise.resolve(response),
    });
  }

  /** The number of the last line, once all that the engine has written is among them. */
  flush(id: string, options: CallOptions): Promise<number> {
    return this.#http.call({
      failure: 'the transcript was not flushed',
      method: 'POST',
      path: sessionPath(id, '/flush'),
      json: {},
      timeoutMs: options.timeoutMs ?? this.#timeouts.flushMs,
      signal: options.signal,
      read: async (response) => ((await response.json()) as FlushResponse).seq,
    });
  }

  #post(failure: string, path: string, json: unknown, options: CallOptions): Promise<void> {
    const { signal, timeoutMs = this.#timeouts.requestMs } = options;
    return this.#http.call({ failure, method: 'POST', path, json, timeoutMs, signal, read: discard });
  }
}

const isMissing = (error: unknown): boolean => error instanceof HarnessProtocolError && error.status === 404;

const sessionPath = (id: string, path: string): string => `/v1/sessions/${encodeURIComponent(id)}${path}`;

const filePath = (id: string, path: string): string =>
  sessionPath(id, `/fs/file?path=${encodeURIComponent(path)}`);

async function createdIn(response: Response): Promise<CreateSessionResponse> {
  const created = (await response.json()) as Partial<CreateSessionResponse> | null;
  if (typeof created?.sessionId === 'string') return created as CreateSessionResponse;
  throw new Error('the answer has no session id; is this a harness?');
}
