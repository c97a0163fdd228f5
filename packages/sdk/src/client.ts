import type {
  CreateSessionInput,
  CreateSessionResponse,
  FsTreeEntry,
  PermissionBody,
  UserMessage,
} from '@computeragent/protocol';
import { errorOf, type Requested } from './errors.ts';

const REQUEST_TIMEOUT_MS = 30_000;
/** Creating a session may clone a repository. */
const CREATE_TIMEOUT_MS = 300_000;

/** How a client reaches a harness. */
export interface ClientOptions {
  /** Without a slash at the end; may carry a path prefix. */
  readonly baseUrl: string;
  readonly fetch?: typeof fetch | undefined;
}

/** The protocol's requests, each with a deadline. URLs are plain concatenation, so a path prefix in the base survives. */
export class HarnessClient {
  readonly #baseUrl: string;
  readonly #fetch: typeof fetch;

  constructor(options: ClientOptions) {
    this.#baseUrl = options.baseUrl;
    this.#fetch = options.fetch ?? fetch;
  }

  async create(body: CreateSessionInput, signal: AbortSignal): Promise<CreateSessionResponse> {
    const requested: Requested = {
      engine: body.engine,
      loader: body.identity.loader,
      ...(body.sessionStore ? { store: body.sessionStore.kind } : {}),
    };
    const response = await this.#send('POST', '/v1/sessions', {
      json: body,
      signal,
      timeoutMs: CREATE_TIMEOUT_MS,
    });
    if (!response.ok) throw await errorOf(response, 'the session could not be created', requested);
    return (await response.json()) as CreateSessionResponse;
  }

  async message(sessionId: string, message: UserMessage, signal: AbortSignal): Promise<void> {
    await this.#post(sessionId, '/messages', { message }, signal);
  }

  async permission(
    sessionId: string,
    callId: string,
    body: PermissionBody,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#post(sessionId, `/permission/${encodeURIComponent(callId)}`, body, signal);
  }

  async cancel(sessionId: string): Promise<void> {
    await this.#post(sessionId, '/cancel', undefined, undefined);
  }

  async endInput(sessionId: string): Promise<void> {
    await this.#post(sessionId, '/end-input', undefined, undefined);
  }

  /** Opens the event stream. No deadline over the body: it lasts as long as the turn. */
  async events(sessionId: string, lastEventId: number | undefined, signal: AbortSignal): Promise<Response> {
    const response = await this.#fetch(this.#url(sessionId, '/events'), {
      headers: {
        Accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) }),
      },
      signal,
    });
    if (!response.ok) throw await errorOf(response, 'the events could not be read');
    return response;
  }

  /** A file's bytes; null when there is none. */
  async readFile(sessionId: string, path: string): Promise<Uint8Array | null> {
    const response = await this.#send('GET', this.#file(sessionId, path), {});
    if (response.status === 404) {
      const error = await errorOf(response, `file ${path}`);
      // A session that is gone is no missing file.
      if (error.code === 'NOT_FOUND' && !/session/i.test(error.message)) return null;
      throw error;
    }
    if (!response.ok) throw await errorOf(response, `file ${path} could not be read`);
    return new Uint8Array(await response.arrayBuffer());
  }

  async writeFile(sessionId: string, path: string, content: Uint8Array | string): Promise<void> {
    const response = await this.#send('PUT', this.#file(sessionId, path), { body: content });
    if (!response.ok) throw await errorOf(response, `file ${path} could not be written`);
    await response.body?.cancel();
  }

  async tree(sessionId: string, query: { path?: string; depth?: number }): Promise<FsTreeEntry[]> {
    const search = new URLSearchParams();
    if (query.path !== undefined) search.set('path', query.path);
    if (query.depth !== undefined) search.set('depth', String(query.depth));
    const suffix = search.size === 0 ? '' : `?${search}`;
    const response = await this.#send('GET', `${this.#path(sessionId, '/fs/tree')}${suffix}`, {});
    if (!response.ok) throw await errorOf(response, 'the folder could not be listed');
    return ((await response.json()) as { entries: FsTreeEntry[] }).entries;
  }

  async #post(
    sessionId: string,
    path: string,
    json: unknown,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const response = await this.#send('POST', this.#path(sessionId, path), { json, signal });
    if (!response.ok) throw await errorOf(response, `POST ${path}`);
    await response.body?.cancel();
  }

  #send(
    method: string,
    path: string,
    init: {
      json?: unknown;
      body?: Uint8Array | string;
      signal?: AbortSignal | undefined;
      timeoutMs?: number;
    },
  ): Promise<Response> {
    const deadline = AbortSignal.timeout(init.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const json = init.json === undefined ? undefined : JSON.stringify(init.json);
    const body = json ?? init.body;
    return this.#fetch(`${this.#baseUrl}${path}`, {
      method,
      signal: init.signal ? AbortSignal.any([deadline, init.signal]) : deadline,
      ...(json === undefined ? {} : { headers: { 'Content-Type': 'application/json' } }),
      ...(body === undefined ? {} : { body: body as string }),
    });
  }

  #path(sessionId: string, path: string): string {
    return `/v1/sessions/${encodeURIComponent(sessionId)}${path}`;
  }

  #url(sessionId: string, path: string): string {
    return `${this.#baseUrl}${this.#path(sessionId, path)}`;
  }

  #file(sessionId: string, path: string): string {
    return `${this.#path(sessionId, '/fs/file')}?path=${encodeURIComponent(path)}`;
  }
}
