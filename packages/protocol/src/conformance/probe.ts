import { errorEnvelope } from '../errors.ts';
import type { IdentitySource } from '../identity.ts';
import { createSessionResponse, type CreateSessionResponse } from '../responses.ts';
import { equal, shaped } from './expect.ts';
import type { ConformanceTarget } from './target.ts';

/** What the checks ask for. */
export interface Subject {
  readonly engine: string;
  readonly loader: string;
  readonly source: IdentitySource;
  readonly envs?: Readonly<Record<string, string>> | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** A message that the engine answers with a turn. */
  readonly turn?: string | undefined;
  /** A message whose turn asks for one permission at least. */
  readonly permissionTurn?: string | undefined;
}

/** What one check has in its hands. It removes the sessions that it has made. */
export class Probe {
  readonly subject: Subject;
  readonly #target: ConformanceTarget;
  readonly #signal: AbortSignal;
  readonly #sessions = new Set<string>();
  readonly #responses: Response[] = [];

  constructor(target: ConformanceTarget, subject: Subject, signal: AbortSignal) {
    this.#target = target;
    this.subject = subject;
    this.#signal = signal;
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.#target.request(path, { ...init, signal: this.#signal });
    this.#responses.push(response);
    return response;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.request(path, { headers });
  }

  /** Sends JSON; without a body, nothing. */
  post(path: string, body?: unknown, more: Record<string, string> = {}): Promise<Response> {
    if (body === undefined) return this.request(path, { method: 'POST', headers: more });
    const headers = { 'content-type': 'application/json', ...more };
    return this.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** The body of a request that makes a session. */
  body(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const { engine, loader, source, envs, options } = this.subject;
    const own = { ...(envs ? { envs } : {}), ...(options ? { options } : {}) };
    return { engine, identity: { loader, source }, ...own, ...more };
  }

  /** Makes a session; fails unless that is answered as it should be. */
  async create(more: Readonly<Record<string, unknown>> = {}): Promise<CreateSessionResponse> {
    const response = await this.post('/v1/sessions', this.body(more));
    const made = shaped(createSessionResponse, await answered(response, 201), 'the answer to a new session');
    this.#sessions.add(made.sessionId);
    return made;
  }

  /** Makes a session; answers its path. */
  async session(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return `/v1/sessions/${(await this.create(more)).sessionId}`;
  }

  /** Sends a message, with a key that it can be sent again with if one is given. */
  say(session: string, content: string, key?: string): Promise<Response> {
    const named = key === undefined ? {} : { 'idempotency-key': key };
    return this.post(`${session}/messages`, { message: { role: 'user', content } }, named);
  }

  put(session: string, path: string, content: string | Uint8Array<ArrayBuffer>): Promise<Response> {
    return this.request(fileUrl(session, path), { method: 'PUT', body: content });
  }

  file(session: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.get(fileUrl(session, path), headers);
  }

  remove(session: string, path: string, query = ''): Promise<Response> {
    return this.request(`${fileUrl(session, path)}${query}`, { method: 'DELETE' });
  }

  /** Lets go of what was not read, and ends the sessions that are left. */
  async close(): Promise<void> {
    const unread = this.#responses.filter(({ body }) => body !== null && !body.locked);
    await Promise.allSettled(unread.map(async ({ body }) => body?.cancel()));
    const gone = [...this.#sessions].map(async (id) => {
      const response = await this.#target.request(`/v1/sessions/${id}`, { method: 'DELETE' });
      await response.body?.cancel();
    });
    await Promise.allSettled(gone);
  }
}

const fileUrl = (session: string, path: string): string =>
  `${session}/fs/file?path=${encodeURIComponent(path)}`;

/** The JSON of an answer; fails unless it has this status. */
export async function answered(response: Response, status: number): Promise<unknown> {
  const text = await response.text();
  equal(response.status, status, `the status of ${JSON.stringify(text.slice(0, 200))}`);
  return parsed(text);
}

/** Fails unless the answer is `{"ok":true}`. */
export async function acknowledged(response: Response): Promise<void> {
  const body = (await answered(response, 200)) as { ok?: unknown } | undefined;
  equal(body?.ok, true, 'ok of the answer');
}

/** Fails unless the request was rejected so; answers the envelope. */
export async function rejected(response: Response, status: number, code?: string) {
  const { error } = shaped(errorEnvelope, await answered(response, status), 'the body of an error');
  if (code !== undefined) equal(error.code, code, 'the code of the error');
  return error;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Whoever wants to know what is in it says so.
  }
}
