import { HarnessConnectionError, type HarnessProtocolError } from './errors.ts';
import { rejection, type Requested } from './rejection.ts';
import { abortReason, within } from './wait.ts';

/** One request. */
export interface Call<T> {
  /** For the error that a rejection is: "the session could not be created". */
  readonly failure: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly json?: unknown;
  readonly body?: Uint8Array | string | ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly requested?: Requested;
  /** Reads an accepted response, under the same deadline. */
  readonly read: (response: Response) => Promise<T>;
}

/** HTTP to one harness. URLs are plain concatenation, so that a path prefix in the base survives. */
export class Http {
  readonly #baseUrl: string;
  readonly #fetch: typeof fetch;

  constructor(baseUrl: string, fetchImpl: typeof fetch = fetch) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#fetch = fetchImpl;
  }

  /** Throws HarnessProtocolError for a rejection, HarnessConnectionError for no answer, the signal's reason when aborted. */
  async call<T>(call: Call<T>): Promise<T> {
    const name = `${call.method ?? 'GET'} ${call.path}`;
    const late = () =>
      new HarnessConnectionError('TIMEOUT', `${name} was not answered within ${call.timeoutMs} ms`);
    let rejected: HarnessProtocolError | undefined;
    try {
      return await within({ ms: call.timeoutMs, signal: call.signal, late }, async (signal) => {
        const response = await this.#send(call, signal);
        if (response.ok) return call.read(response);
        const text = this.#withoutPrefix(await response.text());
        rejected = rejection(call.failure, response.status, text, call.requested);
        throw rejected;
      });
    } catch (error) {
      if (call.signal?.aborted) throw abortReason(call.signal);
      if (error === rejected || error instanceof HarnessConnectionError) throw error;
      throw new HarnessConnectionError('UNREACHABLE', `${name} failed: ${reasonOf(error)}`, { cause: error });
    }
  }

  #send(call: Call<unknown>, signal: AbortSignal): Promise<Response> {
    const json = call.json === undefined ? undefined : JSON.stringify(call.json);
    const body = json ?? call.body;
    const init: RequestInit = {
      method: call.method ?? 'GET',
      signal,
      headers: { ...(json === undefined ? {} : { 'Content-Type': 'application/json' }), ...call.headers },
      ...(body === undefined ? {} : { body: body as string }),
      // A body that is still being made can only be sent so.
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    };
    return this.#fetch(`${this.#baseUrl}${call.path}`, init);
  }

  /** What answers in the harness's place may repeat the address, and its path may be a secret. */
  #withoutPrefix(text: string): string {
    const prefix = new URL(this.#baseUrl).pathname;
    return prefix === '/' ? text : text.replaceAll(prefix, '');
  }
}

/** The innermost message: fetch itself only says that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? reasonOf(cause) : error.message;
}
