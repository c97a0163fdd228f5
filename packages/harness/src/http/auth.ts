import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { HarnessError } from '../errors.ts';
import type { Owner } from './owner.ts';

const BEARER = /^Bearer +(\S+)$/i;
const LOOPBACK_NAMES = new Set(['localhost', 'ip6-localhost']);
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;

/** Lets a request through that carries the token, as a header or as the path's prefix. Health needs none. */
export function requireToken(owner: Owner): MiddlewareHandler {
  return async (context, next) => {
    const given = givenToken(context);
    if (given !== undefined || !isHealth(context)) assertOwner(owner, given);
    return next();
  };
}

/** @throws HarnessError UNAUTHORIZED. */
export function assertOwner(owner: Owner, given: string | undefined): void {
  if (given !== undefined && owner.admits(given)) return;
  throw new HarnessError('UNAUTHORIZED', 401, 'this harness demands a token');
}

/** The token that a request carries, if any. */
export function givenToken(context: Context): string | undefined {
  return context.req.param('token') ?? bearerOf(context);
}

/**
 * Without a token the harness trusts whoever can reach loopback. A web page can, by a name of its own that resolves
 * there: so only names that are surely no page's are answered.
 */
export const requireLocalName: MiddlewareHandler = async (context, next) => {
  const { hostname } = new URL(context.req.url);
  if (!LOOPBACK_NAMES.has(hostname) && !ADDRESS.test(hostname)) {
    throw new HarnessError('HTTP_EXCEPTION', 403, 'this harness answers only by address or as localhost');
  }
  return next();
};

/** What the Authorization header bears. */
export function bearerOf(context: Context): string | undefined {
  return BEARER.exec(context.req.header('authorization') ?? '')?.[1];
}

/** Tells the secret from anything else, in the same time whatever is given. */
export function isSecret(secret: string): (given: string) => boolean {
  const expected = digest(secret);
  return (given) => timingSafeEqual(digest(given), expected);
}

function isHealth(context: Context): boolean {
  return context.req.path === '/v1/health';
}

/** Of one length for any text, as the comparison needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
