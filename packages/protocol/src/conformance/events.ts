import { harnessEvent } from '../events.ts';
import { sessionInfo } from '../responses.ts';
import { checks } from './check.ts';
import { equal, shaped, that } from './expect.ts';
import { allFrames, framesOf, kindsOf, type RawFrame } from './frames.ts';
import { acknowledged, answered, type Probe, rejected } from './probe.ts';

/** The stream of a session's events; fails unless it is one. */
export async function opened(
  probe: Probe,
  session: string,
  headers: Record<string, string> = {},
  query = '',
) {
  return isStream(await probe.get(`${session}/events${query}`, headers));
}

/** The response; fails unless it is a stream of events. */
export function isStream(response: Response): Response {
  equal(response.status, 200, 'the status of a stream of events');
  const type = response.headers.get('content-type') ?? '';
  that(type.startsWith('text/event-stream'), 'a stream of events is text/event-stream', type);
  return response;
}

/** The events of a session that had nothing to do, to their end. */
async function finished(probe: Probe): Promise<{ session: string; frames: RawFrame[] }> {
  const session = await probe.session();
  return { session, frames: await allFrames(await opened(probe, session)) };
}

/** Fails unless these are the events of a session from its start to its end. */
export function isWhole(frames: readonly RawFrame[]): void {
  const kinds = kindsOf(frames);
  equal(kinds.at(-1), 'ca_session_ended', 'the last event');
  equal(kinds.filter((kind) => kind === 'ca_session_ended').length, 1, 'the number of ends');
  equal(kinds.filter((kind) => kind === 'ca_session_started').length, 1, 'the number of starts');
}

export const eventChecks = checks('events', 'protocol', {
  'begin with the start and end with the end of the session': async (probe) => {
    const { session, frames } = await finished(probe);
    const [first] = frames;
    equal(first?.event.kind, 'ca_session_started', 'the first event');
    equal(`/v1/sessions/${first?.event.sessionId}`, session, 'the session of the first event');
    isWhole(frames);
  },
  'have the fields that the protocol gives them': async (probe) => {
    const { frames } = await finished(probe);
    for (const { event } of frames) shaped(harnessEvent, event, `the event ${event.kind}`);
  },
  'stand on the wire as event, data, id': async (probe) => {
    for (const { fields, name, event } of (await finished(probe)).frames) {
      equal(fields, ['event', 'data', 'id'], 'the fields of a frame');
      equal(name, event.kind, 'the field event');
    }
  },
  'are numbered from 0 without holes': async (probe) => {
    const { frames } = await finished(probe);
    equal(
      frames.map(({ id }) => id),
      frames.map((_, index) => index),
      'the ids',
    );
  },
  'are told again, after the one that was seen last': async (probe) => {
    const { session, frames } = await finished(probe);
    const again = await allFrames(await opened(probe, session, { 'last-event-id': '0' }));
    equal(
      again.map(({ id }) => id),
      frames.slice(1).map(({ id }) => id),
      'the ids after 0',
    );
    const query = await allFrames(await opened(probe, session, {}, '?lastEventId=0'));
    equal(
      query.map(({ event }) => event),
      again.map(({ event }) => event),
      'what lastEventId=0 gives',
    );
    const all = await allFrames(await opened(probe, session, { 'last-event-id': 'none' }));
    equal(all.length, frames.length, 'the number of events after an id that is no number');
  },
  'are none after an id that a finished session has not reached': async (probe) => {
    const { session } = await finished(probe);
    equal(
      kindsOf(await allFrames(await opened(probe, session, { 'last-event-id': '9999' }))),
      [],
      'the events',
    );
  },
  'are the same for every reader': async (probe) => {
    const session = await probe.session();
    const streams = await Promise.all([opened(probe, session), opened(probe, session)]);
    const [one, two] = await Promise.all(streams.map(allFrames));
    equal(
      one?.map(({ id, event }) => [id, event]),
      two?.map(({ id, event }) => [id, event]),
      'two readers',
    );
  },
  'go on when a reader leaves': async (probe) => {
    const session = await probe.session({ streamingInput: true });
    for await (const _ of framesOf(await opened(probe, session))) break;
    const { status } = shaped(sessionInfo, await answered(await probe.get(session), 200), 'a session');
    equal(status, 'running', 'the status after the reader left');
    await acknowledged(await probe.post(`${session}/end-input`));
    const frames = await allFrames(await opened(probe, session));
    equal(frames[0]?.id, 0, 'the first id of the next reader');
    isWhole(frames);
  },
  'of an unknown session are 404': async (probe) => {
    await probe.session();
    await rejected(await probe.get('/v1/sessions/sess_does-not-exist/events'), 404, 'NOT_FOUND');
  },
});

export const endChecks = checks('the end of a session', 'protocol', {
  'is completed when its input has ended, and stays readable': async (probe) => {
    const { session } = await finished(probe);
    const { status } = shaped(sessionInfo, await answered(await probe.get(session), 200), 'a session');
    that(status === 'completed' || status === 'errored', 'the status at the end', status);
    await answered(await probe.get(`${session}/fs/tree`), 200);
  },
  'follows a cancel, and a cancel may be repeated': async (probe) => {
    const session = await probe.session({ streamingInput: true });
    const stream = await opened(probe, session);
    await acknowledged(await probe.post(`${session}/cancel`));
    const end = (await allFrames(stream)).at(-1)?.event;
    const reason = end?.kind === 'ca_session_ended' ? end.reason : undefined;
    that(reason === 'cancelled' || reason === 'complete', 'the reason of the end', end);
    await acknowledged(await probe.post(`${session}/cancel`));
  },
  'follows a cancel that came before the start': async (probe) => {
    const session = await probe.session({ streamingInput: true });
    await acknowledged(await probe.post(`${session}/cancel`));
    isWhole(await allFrames(await opened(probe, session)));
  },
});

export const chatChecks = checks('chat', 'protocol', {
  'answers a new session with its events, and forgets it at their end': async (probe) => {
    const frames = await allFrames(isStream(await probe.post('/v1/chat', probe.body())));
    const [first] = frames;
    equal(first?.event.kind, 'ca_session_started', 'the first event');
    that(
      first !== undefined && first.event.sessionId !== '',
      'the first event must name the session',
      first?.event,
    );
    isWhole(frames);
    await rejected(await probe.get(`/v1/sessions/${first.event.sessionId}/fs/tree`), 404, 'NOT_FOUND');
  },
  'lets its session be reached while it lasts': async (probe) => {
    const stream = isStream(await probe.post('/v1/chat', probe.body({ streamingInput: true })));
    const reached = async ({ sessionId }: { sessionId: string }): Promise<void> => {
      await answered(await probe.get(`/v1/sessions/${sessionId}/fs/tree`), 200);
      await acknowledged(await probe.post(`/v1/sessions/${sessionId}/end-input`));
    };
    for await (const { id, event } of framesOf(stream)) if (id === 0) await reached(event);
  },
  'rejects what is no request before it answers with a stream': async (probe) => {
    await rejected(await probe.post('/v1/chat', {}), 400, 'VALIDATION');
    await rejected(await probe.post('/v1/chat', probe.body({ engine: 'none' })), 400, 'UNKNOWN_ENGINE');
  },
});
