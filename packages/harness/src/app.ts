import { Hono, type MiddlewareHandler } from 'hono';
import { HarnessError } from './errors.ts';
import { limitBody } from './http/body-limit.ts';
import { chatRoute } from './http/chat-route.ts';
import type { AppDeps, Harness } from './http/deps.ts';
import { discard } from './http/discard.ts';
import { type Env, guardsOf } from './http/guards.ts';
import { healthOf } from './http/health.ts';
import { Owner } from './http/owner.ts';
import { rejectWith } from './http/reject.ts';
import { logRequests } from './http/request-log.ts';
import { sessionRoutes } from './http/session-routes.ts';
import { tokenRoute } from './http/token-route.ts';
import { seedRoutes } from './http/transcript-routes.ts';
import { silent } from './log.ts';
import { SessionRegistry } from './session/registry.ts';
import type { Session } from './session/session.ts';
import { allStores } from './store/built-in.ts';
import { HostStore } from './store/host-store.ts';

/** Room for messages with pictures and for attachments, and an end to what a request may cost in memory. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** The harness as a function from request to response. */
export interface HarnessApp {
  /** Answers one request. */
  fetch(request: Request): Promise<Response>;
  /** Ends all sessions and removes their files. */
  close(): Promise<void>;
}

/**
 * Makes the harness. It listens nowhere: whoever has a Request gets a Response.
 * @throws TypeError without an engine or a loader, or with a `maxSessions` that is no number from 1.
 */
export function createApp(deps: AppDeps): HarnessApp {
  if (deps.engines.length === 0) throw new TypeError('a harness needs an engine');
  if (deps.loaders.length === 0) throw new TypeError('a harness needs an identity loader');
  const closing = new AbortController();
  const harness = harnessOf(deps, closing.signal);
  const { hostStore, log, owner, sessions } = harness;
  const guards = guardsOf(owner, deps);
  const api = apiRoutes(harness);
  const app = new Hono<Env>();
  app.onError(rejectWith(log));
  mount(app, '/v1', guards, api);
  if (owner || deps.authHandler) mount(app, '/t/:token/v1', guards, api);
  return {
    fetch: async (request) => app.fetch(request),
    close: async () => {
      closing.abort(new HarnessError('UNAVAILABLE', 503, 'the harness is closing'));
      hostStore.clear();
      const ended = sessions.clear().map((session) => discard(harness, session));
      await Promise.all([...ended, sessions.settled()]);
    },
  };
}

function harnessOf(deps: AppDeps, closing: AbortSignal): Harness {
  const log = deps.log ?? silent;
  const hostStore = new HostStore();
  const onExpired = (session: Session): void => {
    log('session.expire', { sessionId: session.init.id });
    void discard({ sessions, log }, session);
  };
  const sessions = new SessionRegistry({
    ttlMs: deps.sessionTtlMs,
    maxSessions: deps.maxSessions,
    onExpired,
  });
  return {
    ...deps,
    sessions,
    hostStore,
    stores: allStores(deps.stores ?? [], hostStore),
    owner: deps.token === undefined ? undefined : new Owner(deps.token),
    closing,
    log,
  };
}

function mount(
  app: Hono<Env>,
  path: string,
  guards: readonly MiddlewareHandler<Env>[],
  api: Hono<Env>,
): void {
  for (const guard of guards) app.use(`${path}/*`, guard);
  app.route(path, api);
}

function apiRoutes(harness: Harness): Hono<Env> {
  const routes = new Hono<Env>();
  const health = healthOf(harness, 'ready');
  routes.use('*', logRequests(harness.log), async (_context, next) => {
    harness.closing.throwIfAborted();
    return next();
  });
  routes.get('/health', (context) => context.json(health));
  // A file may be of any size: it is streamed to the disk.
  routes.on('POST', '/*', limitBody(MAX_JSON_BYTES));
  routes.route('/sessions', sessionRoutes(harness));
  routes.route('/chat', chatRoute(harness));
  routes.route('/transcripts', seedRoutes(harness));
  const { owner, onToken, log } = harness;
  if (owner) routes.route('/token', tokenRoute({ owner, onToken, log }));
  return routes;
}
