import type {
  CreateSessionInput,
  CreateSessionResponse,
  FsTreeEntry,
  PermissionBody,
  UserMessage,
} from '@computeragent/protocol';
import { HarnessProtocolError } from './errors.ts';
import { Http } from './http.ts';
import type { Timeouts } from './options.ts';

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

  message(id: string, message: UserMessage, signal: AbortSignal): Promise<void> {
    return this.#post('the message was not taken', sessionPath(id, '/messages'), { message }, signal);
  }

  permission(id: string, callId: string, body: PermissionBody, signal: AbortSignal): Promise<void> {
    const path = sessionPath(id, `/permission/${encodeURIComponent(callId)}`);
    return this.#post('the permission was not taken', path, body, signal);
  }

  cancel(id: string, timeoutMs?: number): Promise<void> {
    return this.#post('the session was not cancelled', sessionPath(id, '/cancel'), {}, undefined, timeoutMs);
  }

  endInput(id: string, timeoutMs?: number): Promise<void> {
    return this.#post('the input was not ended', sessionPath(id, '/end-input'), {}, undefined, timeoutMs);
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
  async readFile(id: string, path: string, signal: AbortSignal): Promise<Uint8Array | null> {
    try {
      return await this.#http.call({
        failure: `file ${path} could not be read`,
        path: filePath(id, path),
        timeoutMs: this.#timeouts.transferMs,
        signal,
        read: async (response) => new Uint8Array(await response.arrayBuffer()),
      });
    } catch (error) {
      if (!(error instanceof HarnessProtocolError && error.status === 404)) throw error;
      await this.#assertSession(id, signal);
      return null;
    }
  }

  writeFile(id: string, path: string, content: Uint8Array | string, signal: AbortSignal): Promise<void> {
    return this.#http.call({
      failure: `file ${path} could not be written`,
      method: 'PUT',
      path: filePath(id, path),
      body: content,
      timeoutMs: this.#timeouts.transferMs,
      signal,
      read: discard,
    });
  }

  tree(id: string, query: { path?: string; depth?: number }, signal: AbortSignal): Promise<FsTreeEntry[]> {
    const search = new URLSearchParams();
    if (query.path !== undefined) search.set('path', query.path);
    if (query.depth !== undefined) search.set('depth', String(query.depth));
    return this.#http.call({
      failure: 'the folder could not be listed',
      path: sessionPath(id, `/fs/tree?${search.toString()}`),
      timeoutMs: this.#timeouts.requestMs,
      signal,
      read: async (response) => ((await response.json()) as { entries: FsTreeEntry[] }).entries,
    });
  }

  /** A file that is missing and a session that is gone are both 404; only the first is an answer. */
  #assertSession(id: string, signal: AbortSignal): Promise<void> {
    return this.#http.call({
      failure: 'the session is gone',
      path: sessionPath(id, ''),
      timeoutMs: this.#timeouts.requestMs,
      signal,
      read: discard,
    });
  }

  #post(
    failure: string,
    path: string,
    json: unknown,
    signal: AbortSignal | undefined,
    timeoutMs = this.#timeouts.requestMs,
  ): Promise<void> {
    return this.#http.call({ failure, method: 'POST', path, json, timeoutMs, signal, read: discard });
  }
}

const sessionPath = (id: string, path: string): string => `/v1/sessions/${encodeURIComponent(id)}${path}`;

const filePath = (id: string, path: string): string =>
  sessionPath(id, `/fs/file?path=${encodeURIComponent(path)}`);

async function createdIn(response: Response): Promise<CreateSessionResponse> {
  const created = (await response.json()) as Partial<CreateSessionResponse> | null;
  if (typeof created?.sessionId === 'string') return created as CreateSessionResponse;
  throw new Error('the answer has no session id; is this a harness?');
}
