/** A server under test: what is asked with a path and answered with a Response, with or without a network between. */
export interface ConformanceTarget {
  /** Answers one request. The path begins with `/v1/`. */
  request(path: string, init?: RequestInit): Response | Promise<Response>;
  /** What is asked carries a secret: a web page, which does not know it, is kept out by that. */
  readonly hasSecret?: boolean | undefined;
  /** Called after each check, when the target is made for each anew. */
  close?(): void | Promise<void>;
}

/** How a server is reached that listens somewhere. */
export interface HttpTargetOptions {
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string | undefined;
  /** @defaultValue the platform's fetch */
  readonly fetch?: typeof fetch | undefined;
}

/** The server at a base URL, which may have a path of its own: `http://127.0.0.1:7700`. */
export function httpTarget(baseUrl: string, options: HttpTargetOptions = {}): ConformanceTarget {
  const base = baseUrl.replace(/\/+$/, '');
  const { token, fetch: send = fetch } = options;
  return {
    // A path in front may be a token: one that is not costs one check.
    hasSecret: token !== undefined || new URL(base).pathname !== '/',
    request(path, init = {}) {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
      return send(`${base}${path}`, { ...init, headers });
    },
  };
}
