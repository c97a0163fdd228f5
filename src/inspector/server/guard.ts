import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request is refused: nobody but a browser on this machine that was given the address may look. */
export interface Refusal {
  readonly status: 401 | 403 | 405;
  readonly why: string;
}

/** What a request asks for, below the token; or why it is refused. */
export type Judged = { readonly path: string; readonly url: URL } | Refusal;

/** Judges a request by its host, its origin and its token. */
export function judge(request: IncomingMessage, token: string, port: number): Judged {
  const { host, origin } = request.headers;
  // A name that was made to lead here (DNS rebinding) is another host.
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
    return { status: 403, why: 'unknown host' };
  if (origin !== undefined && origin !== `http://${host}`) return { status: 403, why: 'another origin' };
  if (!isSameSite(request)) return { status: 403, why: 'another site' };
  if (request.method !== 'GET' && request.method !== 'POST') return { status: 405, why: 'unknown method' };
  const url = new URL(request.url ?? '/', `http://${host}`);
  const [, given = '', ...rest] = url.pathname.split('/');
  return isEqual(given, token) ? { path: rest.join('/'), url } : { status: 401, why: 'no such page' };
}

/** Other sites may lead a person here, but not fetch or frame anything. */
function isSameSite({ headers, method }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return true;
  return (
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  );
}

function isEqual(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}
