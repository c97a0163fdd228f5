import { tokenBody, type TokenResponse } from '@computeragent/protocol';
import { Hono } from 'hono';
import type { Log } from '../log.ts';
import { givenToken } from './auth.ts';
import { assertOwner } from './guards.ts';
import { jsonBody } from './json-body.ts';
import type { Owner } from './owner.ts';

/** What a change of the token works with. */
export interface TokenDeps {
  readonly owner: Owner;
  /** Told each new token before it is used. */
  readonly onToken?: ((token: string) => void) | undefined;
  readonly log: Log;
}

/** Gives the harness to whoever has another token, mounted at `/token`. Its sessions stay. */
export function tokenRoute({ owner, onToken, log }: TokenDeps): Hono {
  const routes = new Hono();
  routes.post('/', async (context) => {
    const { token } = await jsonBody(context, tokenBody);
    // Of two at once, the second has the token of somebody who owns it no more.
    assertOwner(owner, givenToken(context));
    onToken?.(token);
    owner.handOver(token);
    log('token.changed');
    return context.json({ ok: true, state: 'ready' } satisfies TokenResponse);
  });
  return routes;
}
