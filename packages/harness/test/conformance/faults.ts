export type Next = (path: string, init?: RequestInit) => Promise<Response>;
/** Stands between the suite and the harness, and spoils something. */
export type Fault = (next: Next, path: string, init: RequestInit) => Response | Promise<Response>;

const headersOf = (init: RequestInit) => new Headers(init.headers);
const isEvents = (path: string): boolean => path.includes('/events');

/** Spoils the text of every stream of events. */
export const inEvents =
  (spoil: (text: string) => string): Fault =>
  async (next, path, init) => {
    const response = await next(path, init);
    if (!isEvents(path) || !response.ok || init.method === 'HEAD') return response;
    return new Response(spoil(await response.text()), response);
  };

/** Spoils the JSON of answers to paths that match. */
export const inJson =
  (where: RegExp, spoil: (body: Record<string, unknown>) => object, status?: number): Fault =>
  async (next, path, init) => {
    const response = await next(path, init);
    if (!where.test(`${init.method ?? 'GET'} ${path}`)) return response;
    const body = spoil((await response.json()) as Record<string, unknown>);
    return Response.json(body, { status: status ?? response.status });
  };

/** Answers some requests by itself. */
export const instead =
  (where: RegExp, status: number, body: unknown = { ok: true }): Fault =>
  async (next, path, init) =>
    where.test(`${init.method ?? 'GET'} ${path}`) ? Response.json(body, { status }) : next(path, init);

/** Rewrites requests. */
export const asked =
  (change: (path: string, init: RequestInit) => [string, RequestInit]): Fault =>
  (next, path, init) =>
    next(...change(path, init));

export const without = (name: string) =>
  asked((path, init) => {
    const headers = headersOf(init);
    headers.delete(name);
    return [path, { ...init, headers }];
  });

export function endsWithItsReader(): Fault {
  return async (next, path, init) => {
    if (isEvents(path)) void next(path.replace('/events', '/cancel'), { method: 'POST' });
    return next(path, init);
  };
}

export function neverEnding(): Fault {
  return async (next, path, init) => {
    if (headersOf(init).get('last-event-id') !== '9999') return next(path, init);
    return new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } });
  };
}

export function otherwiseAgain(): Fault {
  const seen = new Set<string>();
  return async (next, path, init) => {
    const key = headersOf(init).get('idempotency-key');
    if (key === null || !seen.has(key)) return next(path, init).finally(() => key && seen.add(key));
    return Response.json({ ok: true, again: true });
  };
}

export function keysOfAll(): Fault {
  const bodies = new Map<string, unknown>();
  return async (next, path, init) => {
    const key = headersOf(init).get('idempotency-key');
    const known = key === null ? undefined : bodies.get(key);
    if (known !== undefined && known !== init.body)
      return Response.json({ error: { code: 'CONFLICT', message: '' } }, { status: 409 });
    if (key !== null) bodies.set(key, init.body);
    return next(path, init);
  };
}

export function inFiles(spoil: (text: string) => string, type?: string): Fault {
  return async (next, path, init) => {
    const response = await next(path, init);
    if (init.method !== undefined || !path.includes('/fs/file')) return response;
    const headers = new Headers(response.headers);
    if (type === undefined) return new Response(spoil(await response.text()), { headers });
    headers.set('content-type', type);
    return new Response(response.body, { status: response.status, headers });
  };
}
