import { describe, expect, it } from 'vitest';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';

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
    ['a store it does not have', { sessionStore: { kind: 'other' } }, 'UNKNOWN_STORE'],
  ])('refuses %s and says what there is', async (_what, change, code) => {
    await using harness = await TestHarness.start();
    const response = await harness.post('/v1/sessions', { ...inlineAgent(), ...change });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code, details: { available: expect.any(Array) } },
    });
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
