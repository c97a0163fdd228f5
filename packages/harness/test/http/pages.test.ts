import { describe, expect, it } from 'vitest';
import { sharedSecretAuth } from '../../src/http/auth-handler.ts';
import { rejection, TestHarness } from '../helpers/harness.ts';

const token = 'a-token-of-this-test';
const REFUSED = [403, 'FORBIDDEN'];

/** Asks for a session that is not there: 404 is what a request is told that may ask. */
const ask = (harness: TestHarness, headers: Record<string, string>, path = '/v1/sessions/x') =>
  rejection(harness.request(path, { headers }));

describe('a web page', () => {
  it.each([
    { origin: 'https://page.example' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('is refused by a harness without a token: %j', async (headers) => {
    await using harness = await TestHarness.start();
    expect(await ask(harness, headers)).toEqual(REFUSED);
    const posted = harness.request('/v1/sessions/x/cancel', { method: 'POST', headers });
    expect(await rejection(posted)).toEqual(REFUSED);
  });

  it('of another origin is refused even with the token, a link that is followed is not', async () => {
    await using harness = await TestHarness.start({ token });
    const path = `/t/${token}/v1/sessions/x`;
    expect(await ask(harness, { origin: 'https://page.example' }, path)).toEqual(REFUSED);
    expect(await ask(harness, { 'sec-fetch-site': 'cross-site' }, path)).toEqual([404, 'NOT_FOUND']);
  });

  it('is refused before a handler is asked, who may go by a cookie', async () => {
    await using harness = await TestHarness.start({ authHandler: sharedSecretAuth(token) });
    const authorization = `Bearer ${token}`;
    expect(await ask(harness, { authorization, origin: 'https://page.example' })).toEqual(REFUSED);
    expect(await ask(harness, { authorization, 'sec-fetch-site': 'cross-site' })).toEqual(REFUSED);
    expect(await ask(harness, { authorization })).toEqual([404, 'NOT_FOUND']);
  });

  it('that the harness itself served, or an address that was typed, is not another one', async () => {
    await using harness = await TestHarness.start();
    for (const headers of [{ origin: 'http://127.0.0.1' }, { 'sec-fetch-site': 'none' }]) {
      expect(await ask(harness, headers as Record<string, string>)).toEqual([404, 'NOT_FOUND']);
    }
  });
});
