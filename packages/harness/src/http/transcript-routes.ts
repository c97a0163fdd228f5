import type { FlushResponse, TranscriptSeedResponse } from '@computeragent/protocol';
import { type Context, Hono } from 'hono';
import { HarnessError } from '../errors.ts';
import { logStream } from '../session/log-stream.ts';
import type { Session } from '../session/session.ts';
import { sessionIdFrom } from '../session/session-id.ts';
import { scopeOf } from '../store/store.ts';
import type { Outbox } from '../store/outbox.ts';
import { deadline } from './deadline.ts';
import type { Harness } from './deps.ts';
import type { Env } from './guards.ts';
import { keepsSession } from './keep.ts';
import { readSeed } from './transcript-seed.ts';

const FLUSH_MS = 60_000;
/** NDJSON readers skip an empty line. */
const KEEP_ALIVE = new TextEncoder().encode('\n');

/** What a session's engine shall know of its past, mounted at `/transcripts`. */
export function seedRoutes({ sessions, hostStore }: Harness): Hono<Env> {
  const routes = new Hono<Env>();
  routes.put('/:id', async (context) => {
    const id = sessionIdFrom(context.req.param('id'));
    const assertFree = (): void => {
      if (sessions.isTaken(id)) throw new HarnessError('CONFLICT', 409, `session ${id} exists already`);
    };
    assertFree();
    const { table, lines, entries } = await readSeed(context.req.raw.body);
    assertFree();
    hostStore.seed(scopeOf(context.get('principal'), id), table);
    return context.json({ ok: true, lines, entries } satisfies TranscriptSeedResponse);
  });
  return routes;
}

/** What a session's engine adds to its transcript, mounted at `/sessions`. */
export function transcriptRoutes(
  { keepAliveMs, owner, sessions }: Harness,
  sessionOf: (context: Context) => Session,
): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get('/:id/transcript', (context) => {
    const session = sessionOf(context);
    const outbox = outboxOf(session);
    const after = afterOf(context.req.query('after'), outbox);
    if (context.req.raw.method === 'HEAD') return ndjsonResponse(null);
    outbox.acknowledge(after);
    const follows = isTrue(context.req.query('follow'));
    const log = follows ? outbox : outbox.upTo(outbox.seq);
    const kept = keepsSession(sessions, session, () => session.follow());
    const options = { keepAlive: KEEP_ALIVE, keepAliveMs, until: owner?.over, ...kept };
    return ndjsonResponse(logStream(log, after, options));
  });

  routes.post('/:id/flush', async (context) => {
    const flushed = sessionOf(context).transcript?.flush() ?? Promise.resolve(0);
    const seq = await deadline(flushed, FLUSH_MS, 'the session store did not answer');
    return context.json({ ok: true, seq } satisfies FlushResponse);
  });

  return routes;
}

function outboxOf({ init, transcript }: Session): Outbox {
  if (transcript?.outbox) return transcript.outbox;
  throw new HarnessError('NOT_FOUND', 404, `session ${init.id} has no transcript for its host`);
}

function afterOf(given: string | undefined, outbox: Outbox): number {
  const after = given === undefined || given === '' ? 0 : Number(/^\d{1,15}$/.test(given) ? given : NaN);
  if (after <= outbox.seq) return after;
  throw new HarnessError('VALIDATION', 400, 'after must be the number of a line that was sent, or 0');
}

function isTrue(given: string | undefined): boolean {
  return given === '1' || given === 'true';
}

function ndjsonResponse(stream: ReadableStream<Uint8Array> | null): Response {
  const headers = { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' };
  return new Response(stream, { headers: { ...headers, 'x-accel-buffering': 'no' } });
}
