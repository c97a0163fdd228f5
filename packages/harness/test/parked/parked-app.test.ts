import { expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { healthOf } from '../../src/http/health.ts';
import { silent } from '../../src/log.ts';
import { createParkedApp } from '../../src/parked/parked-app.ts';
import { rejection } from '../helpers/harness.ts';
import { echo } from '../helpers/scripted-engine.ts';

const SECRET = 'the-secret-of-this-template';

function parkedApp() {
  const abilities = { engines: [echo], loaders: [] };
  const state = { claims: 0, lockedOut: 0 };
  const app = createParkedApp({
    secret: SECRET,
    health: healthOf(abilities, 'parked'),
    onSecret: () => undefined,
    become: async ({ token }) => {
      state.claims += 1;
      return createApp({ ...abilities, token });
    },
    onLockedOut: () => (state.lockedOut += 1),
    log: silent,
  });
  const claim = (body: string, secret = SECRET): Promise<Response> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
    return app.fetch(new Request('http://127.0.0.1/v1/claim', { method: 'POST', headers, body }));
  };
  return { state, claim };
}

it('reads no claim of more than 2 MiB', async () => {
  const { claim, state } = parkedApp();
  const env = { LARGE: 'x'.repeat(2 * 1024 * 1024) };
  const large = JSON.stringify({ token: 'a-token-of-this-test', env });
  expect(await rejection(claim(large))).toEqual([413, 'TOO_LARGE']);
  expect(state.claims).toBe(0);
});

it('lets nobody in any more after five wrong secrets, and says so once', async () => {
  const { claim, state } = parkedApp();
  for (let count = 0; count < 7; count += 1) {
    expect(await rejection(claim('{}', 'wrong'))).toEqual([401, 'UNAUTHORIZED']);
  }
  const right = JSON.stringify({ token: 'a-token-of-this-test', env: {} });
  expect(await rejection(claim(right))).toEqual([401, 'UNAUTHORIZED']);
  expect(state).toEqual({ claims: 0, lockedOut: 1 });
});
