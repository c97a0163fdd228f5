import { createSessionBody } from '@computeragent/protocol';
import { Hono } from 'hono';
import { createSession } from '../session/create-session.ts';
import type { Harness } from './deps.ts';
import { discard } from './discard.ts';
import type { Env } from './guards.ts';
import { jsonBody } from './json-body.ts';
import { eventStream, sseResponse } from './sse.ts';

/** A session for one answer, mounted at `/chat`: it is gone with its last event, or when its reader leaves. */
export function chatRoute(harness: Harness): Hono<Env> {
  const routes = new Hono<Env>();
  routes.post('/', async (context) => {
    const body = await jsonBody(context, createSessionBody);
    const { signal } = context.req.raw;
    const session = await createSession(harness, body, { signal, principal: context.get('principal') });
    const end = (): Promise<void> => discard(harness, session);
    // For one that leaves before it has read anything.
    signal.addEventListener('abort', () => void end(), { once: true });
    session.start();
    return sseResponse(eventStream(harness, session, -1, end));
  });
  return routes;
}
