import { createSessionBody, messageBody, permissionBody } from '@computeragent/protocol';
import { type Context, Hono } from 'hono';
import { createSession, describeSession } from '../session/create-session.ts';
import type { Session } from '../session/session.ts';
import { disposeSession } from '../session/workdir.ts';
import type { Harness } from './deps.ts';
import { fsRoutes } from './fs-routes.ts';
import { jsonBody } from './json-body.ts';
import { cursorOf, eventStream, sseResponse } from './sse.ts';

/** Sessions and what belongs to one, mounted at `/sessions`. */
export function sessionRoutes(harness: Harness): Hono {
  const { sessions } = harness;
  const routes = new Hono();
  const sessionOf = (context: Context): Session => sessions.get(context.req.param('id') ?? '');

  routes.post('/', async (context) => {
    const body = await jsonBody(context, createSessionBody);
    const session = await createSession(harness, body, context.req.raw.signal);
    return context.json(describeSession(session), 201);
  });

  routes.get('/:id', (context) => context.json(sessionOf(context).info));

  routes.delete('/:id', async (context) => {
    await disposeSession(sessions.remove(context.req.param('id')));
    return context.json({ ok: true });
  });

  routes.get('/:id/events', (context) => {
    const session = sessionOf(context);
    // A look at the headers must not start a paid engine.
    if (context.req.raw.method === 'HEAD') return sseResponse(null);
    session.start();
    const cursor = cursorOf(context.req.header('last-event-id') ?? context.req.query('lastEventId'));
    const until = harness.owner?.over;
    return sseResponse(eventStream(session.events, cursor, { keepAliveMs: harness.keepAliveMs, until }));
  });

  routes.post('/:id/messages', async (context) => {
    const session = sessionOf(context);
    const { message } = await jsonBody(context, messageBody);
    session.send(message);
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
    const session = sessionOf(context);
    const body = await jsonBody(context, permissionBody);
    session.answer(context.req.param('callId'), body);
    return context.json({ ok: true });
  });

  routes.route('/:id/fs', fsRoutes(sessions));
  return routes;
}
