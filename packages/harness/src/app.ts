import { Hono, type MiddlewareHandler } from 'hono';
import { requireLocalName, requireToken } from './http/auth.ts';
import { limitBody } from './http/body-limit.ts';
import type { AppDeps, Harness } from './http/deps.ts';
import { healthOf } from './http/health.ts';
import { Owner } from './http/owner.ts';
import { rejectWith } from './http/reject.ts';
import { sessionRoutes } from './http/session-routes.ts';
import { tokenRoute } from './http/token-route.ts';
import { silent } from './log.ts';
import { SessionRegistry } from './session/registry.ts';
import { disposeSession } from './session/workdir.ts';

/** Room for messages with pictures and for attachments, and an end to what a request may cost in memory. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** The harness as a function from request to response. */
export interface HarnessApp {
  /** Answers one request. */
  fetch(request: Request): Promise<Response>;
  /** Ends all sessions and removes their files. */
  close(): Promise<void>;
}

/** Makes the harness. It listens nowhere: whoever has a Request gets a Response. */
export function createApp(deps: AppDeps): HarnessApp {
  const closing = new AbortController();
  const owner = deps.token === undefined ? undefined : new Owner(deps.token);
  const harness: Harness = {
    ...deps,
    sessions: new SessionRegistry(),
    owner,
    closing: closing.signal,
    log: deps.log ?? silent,
  };
  const guard = owner ? requireToken(owner) : requireLocalName;
  const api = apiRoutes(harness);
  const app = new Hono();
  app.onError(rejectWith(harness.log));
  mount(app, '/v1', guard, api);
  if (owner) mount(app, '/t/:token/v1', guard, api);
  return {
    fetch: async (request) => app.fetch(request),
    close: async () => {
      closing.abort();
      await Promise.all([...harness.sessions.clear().map(disposeSession), harness.sessions.settled()]);
    },
  };
}

function mount(app: Hono, path: string, guard: MiddlewareHandler, api: Hono): void {
  app.use(`${path}/*`, guard);
  app.route(path, api);
}

function apiRoutes(harness: Harness): Hono {
  const routes = new Hono();
  const health = healthOf(harness, 'ready');
  routes.get('/health', (context) => context.json(health));
  // A file may be of any size: it is streamed to the disk.
  routes.on('POST', '/*', limitBody(MAX_JSON_BYTES));
  routes.route('/sessions', sessionRoutes(harness));
  const { owner, onToken, log } = harness;
  if (owner) routes.route('/token', tokenRoute({ owner, onToken, log }));
  return routes;
}
