import { healthResponse, sessionInfo } from '../responses.ts';
import { checks } from './check.ts';
import { equal, shaped, that } from './expect.ts';
import { acknowledged, answered, type Probe, rejected } from './probe.ts';

const NOWHERE = '/v1/sessions/sess_does-not-exist';

const namesOf = (details: unknown): unknown => (details as { available?: unknown } | undefined)?.available;

async function rejectsUnknown(probe: Probe, more: object, code: string): Promise<void> {
  const error = await rejected(await probe.post('/v1/sessions', probe.body({ ...more })), 400, code);
  that(Array.isArray(namesOf(error.details)), `details.available of ${code} must be a list`, error.details);
}

export const healthChecks = checks('health', 'protocol', {
  'answers 200 with ok, a version, the engines and the loaders': async (probe) => {
    const { engine, loader } = probe.subject;
    const health = shaped(healthResponse, await answered(await probe.get('/v1/health'), 200), 'health');
    that(Object.hasOwn(health.engines, engine), `engines must have ${engine}`, Object.keys(health.engines));
    that(health.loaders.includes(loader), `loaders must have ${loader}`, health.loaders);
  },
});

export const sessionChecks = checks('sessions', 'protocol', {
  'creates one with an id, its engine, its identity and the path of its events': async (probe) => {
    const made = await probe.create();
    that(made.sessionId.startsWith('sess_'), 'the id must begin with sess_', made.sessionId);
    equal(made.engine, probe.subject.engine, 'engine');
    that(made.identity.name !== '', 'the identity must have a name', made.identity);
    equal(made.eventsUrl, `/v1/sessions/${made.sessionId}/events`, 'eventsUrl');
  },
  'uses the id that the client chooses': async (probe) => {
    const sessionId = `conformance-${crypto.randomUUID()}`;
    equal((await probe.create({ sessionId })).sessionId, sessionId, 'sessionId');
  },
  'ignores keys that it does not know': async (probe) =>
    void (await probe.create({ fromTheFuture: { a: 1 } })),
  'describes one that exists': async (probe) => {
    const made = await probe.create();
    const body = await answered(await probe.get(`/v1/sessions/${made.sessionId}`), 200);
    const info = shaped(sessionInfo, body, 'a session');
    equal(
      [info.sessionId, info.engine, info.status],
      [made.sessionId, made.engine, 'pending'],
      'the session',
    );
  },
  'knows none that was never made': async (probe) => {
    await probe.session();
    await rejected(await probe.get(NOWHERE), 404, 'NOT_FOUND');
    for (const path of ['messages', 'permission/call'])
      await rejected(
        await probe.post(`${NOWHERE}/${path}`, { message: { role: 'user', content: 'x' }, decision: 'deny' }),
        404,
      );
    for (const path of ['end-input', 'cancel']) await rejected(await probe.post(`${NOWHERE}/${path}`), 404);
    await rejected(await probe.get(`${NOWHERE}/fs/tree`), 404);
  },
  'deletes one, once': async (probe) => {
    const session = await probe.session();
    await acknowledged(await probe.request(session, { method: 'DELETE' }));
    await rejected(await probe.get(session), 404, 'NOT_FOUND');
    await rejected(await probe.request(session, { method: 'DELETE' }), 404, 'NOT_FOUND');
  },
  'rejects an unknown engine and names those that there are': (probe) =>
    rejectsUnknown(probe, { engine: 'no-such-engine' }, 'UNKNOWN_ENGINE'),
  'rejects an unknown loader and names those that there are': (probe) =>
    rejectsUnknown(
      probe,
      { identity: { loader: 'no-such-loader', source: probe.subject.source } },
      'UNKNOWN_LOADER',
    ),
  'rejects an unknown session store and names those that there are': (probe) =>
    rejectsUnknown(probe, { sessionStore: { kind: 'no-such-store' } }, 'UNKNOWN_STORE'),
  'rejects a body that is no request for a session, with what is wrong': async (probe) => {
    const { details } = await rejected(await probe.post('/v1/sessions', { engine: 7 }), 400, 'VALIDATION');
    that(Array.isArray(details) && details.length > 0, 'details must list what is wrong', details);
  },
  'rejects a message that is not the user’s': async (probe) => {
    const message = { role: 'assistant', content: 'x' };
    await rejected(await probe.post('/v1/sessions', probe.body({ messages: [message] })), 400, 'VALIDATION');
    const session = await probe.session({ streamingInput: true });
    await rejected(await probe.post(`${session}/messages`, { message }), 400, 'VALIDATION');
  },
  'rejects an answer to a permission that nobody asked for, and one that is none': async (probe) => {
    const session = await probe.session({ streamingInput: true });
    const path = `${session}/permission/call_none`;
    await rejected(await probe.post(path, { decision: 'allow' }), 400, 'UNKNOWN_CALL_ID');
    await rejected(await probe.post(path, { decision: 'perhaps' }), 400, 'VALIDATION');
  },
  'takes the end of the input more than once': async (probe) => {
    const session = await probe.session({ streamingInput: true });
    await acknowledged(await probe.post(`${session}/end-input`));
    await acknowledged(await probe.post(`${session}/end-input`));
  },
  'answers an unknown path with 404': async (probe) => {
    await probe.session();
    equal((await probe.get('/health')).status, 404, 'the status of /health');
    equal((await probe.get('/v1/no-such-route')).status, 404, 'the status of an unknown path');
    equal((await probe.request('/v1/sessions', { method: 'PATCH' })).status, 404, 'of an unknown method');
  },
});
