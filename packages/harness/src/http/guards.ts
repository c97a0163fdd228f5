import type { Context, MiddlewareHandler } from 'hono';
import { HarnessError } from '../errors.ts';
import { givenToken } from './auth.ts';
import type { AuthHandler, AuthRequest } from './auth-handler.ts';
import type { AppDeps } from './deps.ts';
import type { Owner } from './owner.ts';

/** Where a request's principal is kept. */
export interface Env {
  Variables: { principal?: string };
}

const HEALTH = '/v1/health';
const LOOPBACK_NAMES = new Set(['localhost', 'ip6-localhost']);
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;
/** What a browser says of a request that no other site has caused. */
const OWN_SITE = new Set(['same-origin', 'none']);

/**
 * Who may pass: no web page of another origin, whatever it has. A token is something that no page knows; where there is
 * none, or a handler may go by what a browser sends along by itself, other requests that a page has caused are refused, too.
 */
export function guardsOf(
  owner: Owner | undefined,
  { authHandler, authPublicPaths }: Pick<AppDeps, 'authHandler' | 'authPublicPaths'>,
): readonly MiddlewareHandler<Env>[] {
  const byToken = owner ? [requireToken(owner)] : [];
  const byHandler = authHandler
    ? [refuseOtherSites, askHandler(authHandler, authPublicPaths ?? [HEALTH])]
    : [];
  const known = [...byToken, ...byHandler];
  return [refuseOtherOrigins, ...(known.length > 0 ? known : [requireLocalName, refuseOtherSites])];
}

/** @throws HarnessError UNAUTHORIZED. */
export function assertOwner(owner: Owner, given: string | undefined): void {
  if (given !== undefined && owner.admits(given)) return;
  throw unauthorized('this harness demands a token');
}

/** Lets a request through that carries the token, as a header or as the path's prefix. Health needs none. */
function requireToken(owner: Owner): MiddlewareHandler<Env> {
  return async (context, next) => {
    const given = givenToken(context);
    if (given !== undefined || context.req.path !== HEALTH) assertOwner(owner, given);
    return next();
  };
}

function askHandler(handler: AuthHandler, publicPaths: readonly string[]): MiddlewareHandler<Env> {
  const isPublic = new Set(publicPaths);
  return async (context, next) => {
    if (isPublic.has(context.req.path)) return next();
    const who = await handler.authenticate(shownTo(context));
    if (!who) throw unauthorized('this harness does not let you do that');
    context.set('principal', who.principal);
    return next();
  };
}

function shownTo(context: Context): AuthRequest {
  const token = context.req.param('token');
  const { method, path } = context.req;
  const headers = context.req.header();
  if (token === undefined) return { method, path, headers };
  return {
    method,
    path: path.replace(/^\/t\/[^/]+/, ''),
    headers: { ...headers, authorization: `Bearer ${token}` },
  };
}

/**
 * Without a token the harness trusts whoever can reach loopback. A web page can, by a name of its own that resolves
 * there: so only names that are surely no page's are answered.
 */
const requireLocalName: MiddlewareHandler<Env> = async (context, next) => {
  const { hostname } = new URL(context.req.url);
  if (!LOOPBACK_NAMES.has(hostname) && !ADDRESS.test(hostname)) {
    throw new HarnessError('FORBIDDEN', 403, 'this harness answers only by address or as localhost');
  }
  return next();
};

/** A browser says which page asks, unless it only follows a link. Other programs do not. */
const refuseOtherOrigins: MiddlewareHandler<Env> = async (context, next) => {
  const origin = context.req.header('origin');
  if (origin !== undefined && !isOrigin(origin, context.req.url)) throw forbidden();
  return next();
};

/** What it loads for a page without a word about the page, and what is followed from one, it marks as well. */
const refuseOtherSites: MiddlewareHandler<Env> = async (context, next) => {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && !OWN_SITE.has(site)) throw forbidden();
  return next();
};

function isOrigin(origin: string, url: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(url).host;
}

function forbidden(): HarnessError {
  return new HarnessError('FORBIDDEN', 403, 'this harness does not answer to web pages');
}

function unauthorized(message: string): HarnessError {
  return new HarnessError('UNAUTHORIZED', 401, message);
}
