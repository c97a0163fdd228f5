import { describe, expect, it } from 'vitest';
import { type AuthRequest, bearerToken, sharedSecretAuth } from '../../src/http/auth-handler.ts';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';
import { remembering } from '../helpers/remembering-engine.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Everybody's token is their name. */
const byName = bearerToken((token) => (token === 'alice' || token === 'bob' ? { principal: token } : null));

function as(harness: TestHarness, who: string, path: string, body?: unknown, method = 'POST') {
  const headers = { ...bearer(who), 'content-type': 'application/json' };
  return harness.request(
    path,
    body === undefined ? { headers } : { method, headers, body: JSON.stringify(body) },
  );
}

describe('a handler', () => {
  it('is asked about every request but health', async () => {
    const asked: AuthRequest[] = [];
    const authHandler = { authenticate: (request: AuthRequest) => (asked.push(request), null) };
    await using harness = await TestHarness.start({ authHandler });
    expect((await harness.request('/v1/health')).status).toBe(200);
    const path = '/v1/sessions/x/messages';
    const headers = { 'X-Who': 'me' };
    expect(await rejection(harness.request(path, { method: 'POST', headers }))).toEqual([
      401,
      'UNAUTHORIZED',
    ]);
    expect(asked).toEqual([{ method: 'POST', path, headers: { 'x-who': 'me' } }]);
  });

  it('is asked about health, too, when no path is public', async () => {
    const authHandler = sharedSecretAuth('s3cret');
    await using harness = await TestHarness.start({ authHandler, authPublicPaths: [] });
    expect(await rejection(harness.request('/v1/health'))).toEqual([401, 'UNAUTHORIZED']);
    expect((await harness.request('/v1/health', { headers: bearer('s3cret') })).status).toBe(200);
  });

  it('may take its time, and sees a token that came as the path’s prefix', async () => {
    const seen: string[] = [];
    const authHandler = bearerToken(async (token) => {
      seen.push(token);
      return token === 'right' ? { principal: 'p', scopes: ['read'] } : null;
    });
    await using harness = await TestHarness.start({ authHandler });
    expect(await rejection(harness.request('/t/right/v1/sessions/x'))).toEqual([404, 'NOT_FOUND']);
    expect(await rejection(harness.request('/t/wrong/v1/sessions/x'))).toEqual([401, 'UNAUTHORIZED']);
    expect(await rejection(harness.request('/v1/sessions/x'))).toEqual([401, 'UNAUTHORIZED']);
    expect(seen).toEqual(['right', 'wrong']);
  });

  it('stands beside the token, not in its place', async () => {
    const token = 'a-token-of-this-test';
    await using harness = await TestHarness.start({ token, authHandler: byName });
    expect(await rejection(as(harness, 'alice', '/v1/sessions/x'))).toEqual([401, 'UNAUTHORIZED']);
    const alice = harness.request(`/t/${token}/v1/sessions/x`, { headers: bearer('alice') });
    expect(await rejection(alice)).toEqual([401, 'UNAUTHORIZED']);
  });
});

describe('a shared secret', () => {
  it('is a bearer token, whatever the case of the scheme', async () => {
    await using harness = await TestHarness.start({ authHandler: sharedSecretAuth('s3cret') });
    const ask = (authorization: string) =>
      rejection(harness.request('/v1/sessions/x', { headers: { authorization } }));
    expect(await ask('bearer s3cret')).toEqual([404, 'NOT_FOUND']);
    for (const wrong of ['s3cret', 'Bearer s3cret2', 'Bearer', 'Basic s3cret'])
      expect(await ask(wrong)).toEqual([401, 'UNAUTHORIZED']);
  });
});

describe('a session', () => {
  it('is there for whoever made it, and for nobody else', async () => {
    await using harness = await TestHarness.start({ authHandler: byName });
    const body = { ...inlineAgent({ 'a.txt': 'secret' }), sessionId: 'mine', streamingInput: true };
    expect((await as(harness, 'alice', '/v1/sessions', body)).status).toBe(201);
    for (const path of ['', '/events', '/fs/tree', '/fs/file?path=a.txt', '/transcript']) {
      const foreign = await rejection(as(harness, 'bob', `/v1/sessions/mine${path}`));
      expect([path, ...foreign]).toEqual([path, 404, 'NOT_FOUND']);
    }
    for (const path of ['/messages', '/cancel', '/end-input', '/permission/c', '/flush', '/fs/mkdir']) {
      const foreign = await rejection(as(harness, 'bob', `/v1/sessions/mine${path}`, {}));
      expect([path, ...foreign]).toEqual([path, 404, 'NOT_FOUND']);
    }
    expect(await rejection(as(harness, 'bob', '/v1/sessions/mine', '', 'DELETE'))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    const own = await as(harness, 'alice', '/v1/sessions/mine');
    expect(await own.json()).toMatchObject({ status: 'pending' });
  });

  it('does not go on with what another one’s of the same id has left', async () => {
    await using harness = await TestHarness.start({ authHandler: byName, engines: [remembering] });
    const messages = [{ role: 'user', content: 'a' }];
    const chat = async (who: string, kind: string) => {
      const body = { ...inlineAgent(), sessionId: 'mine', messages, sessionStore: { kind } };
      return (await as(harness, who, '/v1/chat', body)).text();
    };
    await chat('alice', 'memory');
    expect(await chat('bob', 'memory')).toContain('"known":null');
    expect(await chat('alice', 'memory')).not.toContain('"known":null');
    const key = { projectKey: 'p', sessionId: 'engine-of-mine' };
    const past = { key, entries: [{ type: 'user', uuid: 'u', content: 'of alice' }] };
    await as(harness, 'alice', '/v1/transcripts/mine', past, 'PUT');
    expect(await chat('bob', 'host')).toContain('"known":null');
    expect(await chat('alice', 'host')).toContain('of alice');
  });
});
