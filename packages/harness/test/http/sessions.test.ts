import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { IdentityLoader } from '../../src/identity/loader.ts';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';
import { endless, scriptedEngine } from '../helpers/scripted-engine.ts';
import { framesUntil, kindsOf } from '../helpers/sse.ts';

describe('health', () => {
  it('names the engines and the loaders', async () => {
    await using harness = await TestHarness.start();
    const response = await harness.request('/v1/health');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      ok: true,
      version: '0.1.0',
      engines: { scripted: { streamingInput: true } },
      loaders: ['gitagentprotocol'],
    });
  });
});

describe('creating a session', () => {
  it('answers 201 with an id, the identity and where the events are', async () => {
    await using harness = await TestHarness.start();
    const response = await harness.post('/v1/sessions', inlineAgent());
    expect(response.status).toBe(201);
    const body = (await response.json()) as { sessionId: string };
    expect(body.sessionId).toMatch(/^sess_[0-9a-f-]{12}$/);
    expect(body).toMatchObject({
      engine: 'scripted',
      identity: { name: 'writer', version: '1.0.0' },
      eventsUrl: `/v1/sessions/${body.sessionId}/events`,
    });
    const info = await harness.request(`/v1/sessions/${body.sessionId}`);
    expect(await info.json()).toMatchObject({ status: 'pending', engine: 'scripted' });
  });

  it('keeps the id that the client chose', async () => {
    await using harness = await TestHarness.start();
    expect(await harness.create({ sessionId: 'my-session.1' })).toBe('my-session.1');
  });

  it.each(['../../x', '', '.', '..', 'a/b', 'a b', '-a', 'x'.repeat(129), 'a\n'])(
    'refuses the id %j and makes no folder',
    async (sessionId) => {
      await using harness = await TestHarness.start();
      const response = harness.post('/v1/sessions', { ...inlineAgent(), sessionId });
      expect(await rejection(response)).toEqual([400, 'VALIDATION']);
      expect(await harness.workdirs()).toEqual([]);
    },
  );

  it('refuses the id of a live session, and takes that of an ended one', async () => {
    await using harness = await TestHarness.start();
    const body = { ...inlineAgent(), sessionId: 'twice' };
    await harness.create(body);
    expect(await rejection(harness.post('/v1/sessions', body))).toEqual([409, 'CONFLICT']);
    await harness.allFrames('twice');
    await harness.create(body);
    expect(await harness.workdirs()).toHaveLength(1);
  });

  it.each([
    ['an unknown engine', { engine: 'other' }, 'UNKNOWN_ENGINE'],
    [
      'an unknown loader',
      { identity: { loader: 'other', source: { type: 'local', path: '/' } } },
      'UNKNOWN_LOADER',
    ],
    ['a store it does not have', { sessionStore: { kind: 'file' } }, 'UNKNOWN_STORE'],
  ])('refuses %s and says what there is', async (_what, change, code) => {
    await using harness = await TestHarness.start();
    const response = await harness.post('/v1/sessions', { ...inlineAgent(), ...change });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code, details: { available: expect.any(Array) } },
    });
  });

  it('refuses a policy that it could not keep', async () => {
    await using harness = await TestHarness.start();
    const policy = { kind: 'srs', endpoint: 'http://p', apiKey: 'k', policyId: 'p', principalId: 'u' };
    const response = harness.post('/v1/sessions', { ...inlineAgent(), policy });
    expect(await rejection(response)).toEqual([400, 'VALIDATION']);
  });

  it('writes attachments over the identity, as text and as bytes', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({
      ...inlineAgent({ 'data/a.txt': 'old' }),
      attachments: [
        { path: 'data/a.txt', content: 'new' },
        { path: 'data/b.bin', content: '/wA=', encoding: 'base64' },
      ],
    });
    const file = async (path: string) => harness.request(`/v1/sessions/${id}/fs/file?path=${path}`);
    expect(await (await file('data/a.txt')).text()).toBe('new');
    expect(await (await file('data/b.bin')).bytes()).toEqual(new Uint8Array([0xff, 0]));
  });

  it('leaves no folder when an attachment or an inline file leaves the working directory', async () => {
    await using harness = await TestHarness.start();
    const attachments = [{ path: '../x', content: '' }];
    const first = harness.post('/v1/sessions', { ...inlineAgent(), attachments });
    expect(await rejection(first)).toEqual([400, 'PATH_ESCAPE']);
    const second = harness.post('/v1/sessions', inlineAgent({ '../../.bashrc': 'x' }));
    expect(await rejection(second)).toEqual([400, 'PATH_ESCAPE']);
    expect(await harness.workdirs()).toEqual([]);
  });
});

describe('closing the harness', () => {
  it('gives up sessions that are still being made, and leaves no folder', async () => {
    const { promise: loading, resolve } = Promise.withResolvers<void>();
    const stuck: IdentityLoader = {
      name: 'gitagentprotocol',
      load: async (_source, _workdir, signal) => {
        resolve();
        await once(signal, 'abort');
        throw signal.reason;
      },
    };
    await using harness = await TestHarness.start({ loaders: [stuck] });
    const response = harness.post('/v1/sessions', inlineAgent());
    await loading;
    expect(await harness.workdirs()).toHaveLength(1);
    await harness.app.close();
    expect(await harness.workdirs()).toEqual([]);
    expect((await response).status).toBe(500);
  });
});

describe('bodies', () => {
  it('refuses what is not JSON, not said to be JSON, or not the schema', async () => {
    await using harness = await TestHarness.start();
    const send = (type: string, body: string) =>
      rejection(harness.request('/v1/sessions', { method: 'POST', headers: { 'content-type': type }, body }));
    expect(await send('application/json', '{"engine":')).toEqual([400, 'VALIDATION']);
    expect(await send('application/json', '{}')).toEqual([400, 'VALIDATION']);
    expect(await send('text/plain', JSON.stringify(inlineAgent()))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await send('application/jsonx', JSON.stringify(inlineAgent()))).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ]);
    expect(await harness.workdirs()).toEqual([]);
  });
});

describe('deleting a session', () => {
  it('ends a running engine, removes the files, and is 404 the second time', async () => {
    await using harness = await TestHarness.start({ engines: [endless] });
    const id = await harness.create({ streamingInput: true });
    const events = await harness.events(id);
    expect((await harness.request(`/v1/sessions/${id}`, { method: 'DELETE' })).status).toBe(200);
    const frames = await framesUntil(events, ({ event }) => event.kind === 'ca_session_ended');
    expect(frames.at(-1)?.event).toMatchObject({ reason: 'cancelled' });
    expect(await harness.workdirs()).toEqual([]);
    const again = harness.request(`/v1/sessions/${id}`, { method: 'DELETE' });
    expect(await rejection(again)).toEqual([404, 'NOT_FOUND']);
  });

  it('removes one that never started', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ streamingInput: true });
    expect((await harness.request(`/v1/sessions/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect(await harness.workdirs()).toEqual([]);
  });
});

describe('unknown sessions', () => {
  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/events'],
    ['POST', '/messages'],
    ['POST', '/end-input'],
    ['POST', '/cancel'],
    ['POST', '/permission/call_1'],
    ['GET', '/fs/tree'],
    ['GET', '/fs/file?path=a'],
  ])('are 404 on %s %s', async (method, path) => {
    await using harness = await TestHarness.start();
    expect(await rejection(harness.request(`/v1/sessions/nobody${path}`, { method }))).toEqual([
      404,
      'NOT_FOUND',
    ]);
  });
});

describe('messages', () => {
  it('run turn after turn in one session', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ streamingInput: true });
    await harness.send(id, 'one');
    const isResult = ({ event }: { event: { kind: string; payload?: unknown } }) =>
      event.kind === 'sdk_message' && (event.payload as { type: string }).type === 'result';
    const first = await framesUntil(await harness.events(id), isResult);
    expect(kindsOf(first)).toEqual([
      'ca_session_started',
      'ca_turn_started',
      'sdk_message',
      'ca_usage_snapshot',
      'sdk_message',
    ]);
    await harness.send(id, 'two');
    const last = first.at(-1)?.id ?? -1;
    const second = await framesUntil(await harness.events(id, { 'last-event-id': `${last}` }), isResult);
    expect(second[0]?.event).toMatchObject({
      kind: 'ca_turn_started',
      turnIndex: 1,
      message: { content: 'two' },
    });
    expect((await harness.post(`/v1/sessions/${id}/end-input`, undefined)).status).toBe(200);
    expect((await harness.allFrames(id)).at(-1)?.event).toMatchObject({ reason: 'complete' });
  });

  it('are refused once the session has ended or takes no more', async () => {
    await using harness = await TestHarness.start();
    const ended = await harness.create();
    await harness.allFrames(ended);
    expect(await rejection(harness.send(ended, 'late'))).toEqual([409, 'SESSION_ENDED']);
    const closed = await harness.create({ streamingInput: true });
    await harness.request(`/v1/sessions/${closed}/end-input`, { method: 'POST' });
    expect(await rejection(harness.send(closed, 'late'))).toEqual([409, 'SESSION_ENDED']);
  });

  it('may come after a create without streaming, before the first reader', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create();
    await harness.send(id, 'hello');
    const frames = await harness.allFrames(id);
    expect(frames.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ payload: { type: 'assistant', content: 'hello' } }),
    );
    expect(frames.at(-1)?.event).toMatchObject({ kind: 'ca_session_ended', reason: 'complete' });
  });

  it.each([{ role: 'system', content: 'x' }, { role: 'user' }, { content: 'x' }])(
    'must be a user’s: %j',
    async (message) => {
      await using harness = await TestHarness.start();
      const id = await harness.create({ streamingInput: true });
      const response = harness.post(`/v1/sessions/${id}/messages`, { message });
      expect(await rejection(response)).toEqual([400, 'VALIDATION']);
    },
  );
});

describe('cancelling', () => {
  it('ends a session before it has started', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ streamingInput: true });
    expect((await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' })).status).toBe(200);
    const frames = await harness.allFrames(id);
    expect(kindsOf(frames)).toEqual(['ca_session_started', 'ca_session_ended']);
    expect(frames[1]?.event).toMatchObject({ reason: 'cancelled' });
    const info = await harness.request(`/v1/sessions/${id}`);
    expect(await info.json()).toMatchObject({ status: 'cancelled' });
  });

  it('ends a session whose engine does not listen', async () => {
    const deaf = scriptedEngine(() => new Promise(() => undefined));
    await using harness = await TestHarness.start({ engines: [deaf], limits: { cancelMs: 10 } });
    const id = await harness.create({ streamingInput: true });
    const events = await harness.events(id);
    await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' });
    const frames = await framesUntil(events, ({ event }) => event.kind === 'ca_session_ended');
    expect(frames.at(-1)?.event).toMatchObject({ reason: 'cancelled' });
  });

  it('does nothing to a session that has ended', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create();
    await harness.allFrames(id);
    expect((await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' })).status).toBe(200);
    expect(await (await harness.request(`/v1/sessions/${id}`)).json()).toMatchObject({ status: 'completed' });
  });
});

describe('an engine that fails', () => {
  it('ends the session with its message, without the session’s secrets', async () => {
    const failing = scriptedEngine(async () => {
      throw new Error('the key sk-ant-secret is not valid');
    });
    await using harness = await TestHarness.start({ engines: [failing] });
    const id = await harness.create({ envs: { ANTHROPIC_API_KEY: 'sk-ant-secret' } });
    const frames = await harness.allFrames(id);
    expect(frames.at(-1)?.event).toMatchObject({ reason: 'error', errorMessage: 'the key *** is not valid' });
    expect(await (await harness.request(`/v1/sessions/${id}`)).json()).toMatchObject({ status: 'errored' });
  });
});

describe('an engine’s environment', () => {
  it('is the session’s over what the harness was given', async () => {
    let seen: unknown;
    const looking = scriptedEngine(async ({ env }) => void (seen = env));
    await using harness = await TestHarness.start({
      engines: [looking],
      engineEnv: { A: 'boot', B: 'boot' },
    });
    await harness.allFrames(await harness.create({ envs: { B: 'session' } }));
    expect(seen).toEqual({ A: 'boot', B: 'session' });
  });
});
