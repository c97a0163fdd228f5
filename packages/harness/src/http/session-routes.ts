import { createSessionBody, messageBody, permissionBody } from '@computeragent/protocol';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { createSession, describeSession } from '../session/create-session.ts';
import { sessionNotFound } from '../session/registry.ts';
import type { Session } from '../session/session.ts';
import type { Harness } from './deps.ts';
import { fsRoutes } from './fs-routes.ts';
import type { Env } from './guards.ts';
import { jsonBody } from './json-body.ts';
import { cursorOf, eventStream, sseResponse } from './sse.ts';
import { transcriptRoutes } from './transcript-routes.ts';

/** Sessions and what belongs to one, mounted at `/sessions`. */
export function sessionRoutes(harness: Harness): Hono<Env> {
  const { sessions } = harness;
  const routes = new Hono<Env>();
  const sessionOf = (context: Context): Session => sessions.get(context.req.param('id') ?? '');
  routes.use('/:id/*', requireOwn(sessionOf));

  routes.post('/', async (context) => {
    const body = await jsonBody(context, createSessionBody);
    const { signal } = context.req.raw;
    const session = await createSession(harness, body, { signal, principal: context.get('principal') });
    return context.json(describeSession(session), 201);
  });

  routes.get('/:id', (context) => context.json(sessionOf(context).info));

  routes.delete('/:id', async (context) => {
    await sessions.dispose(sessionOf(context));
    return context.json({ ok: true });
  });

  routes.get('/:id/events', (context) => {
    const session = sessionOf(context);
    // A look at the headers must not start a paid engine.
    if (context.req.raw.method === 'HEAD') return sseResponse(null);
    session.start();
    const cursor = cursorOf(context.req.header('last-event-id') ?? context.req.query('lastEventId'));
    return sseResponse(eventStream(harness, session, cursor));
  });

  routes.route('/', inputRoutes(sessionOf));
  routes.route('/', transcriptRoutes(harness, sessionOf));
  routes.route('/:id/fs', fsRoutes(sessions));
  return routes;
}

/** What a client says to a session. */
function inputRoutes(sessionOf: (context: Context) => Session): Hono<Env> {
  const routes = new Hono<Env>();

  routes.post('/:id/messages', async (context) => {
    const { message } = await jsonBody(context, messageBody);
    sessionOf(context).send(message, context.req.header('idempotency-key'));
    return context.json({ ok: true });
  });

  routes.post('/:id/end-input', (context) => {
    sessionOf(context).endInput();
    return context.json({ ok: true });
  });

  routes.post('/:id/cancel', (context) => {
    sessionOf(context).cancel();
    return context.json({ ok: true });
  });

  routes.post('/:id/permission/:callId', async (context) => {
    const body = await jsonBody(context, permissionBody);
    sessionOf(context).answer(context.req.param('callId'), body);
    return context.json({ ok: true });
  });

  return routes;
}

/** A session of somebody else is not there, whatever is asked of it. */
function requireOwn(sessionOf: (context: Context) => Session): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { id, principal } = sessionOf(context).init;
    if (principal !== context.get('principal')) throw sessionNotFound(id);
    return next();
  };
}
