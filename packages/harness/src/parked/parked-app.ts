import { type ClaimBody, claimBody, type ClaimResponse, type HealthResponse } from '@computeragent/protocol';
import { Hono, type MiddlewareHandler } from 'hono';
import type { HarnessApp } from '../app.ts';
import { HarnessError } from '../errors.ts';
import { bearerOf } from '../http/auth.ts';
import { limitBody } from '../http/body-limit.ts';
import { jsonBody } from '../http/json-body.ts';
import { rejectWith } from '../http/reject.ts';
import type { Log } from '../log.ts';
import { ClaimDesk } from './desk.ts';

const CLAIM_PATH = '/v1/claim';
const MAX_CLAIM_BYTES = 2 * 1024 * 1024;

/** What a parked harness works with. */
export interface ParkedDeps {
  readonly secret: string;
  readonly health: HealthResponse;
  /** Whether a claim must bring an identity; if not, it must not. */
  readonly renews: boolean;
  /** Makes the app that serves from then on. What it rejects with ends the harness. */
  readonly become: (claim: ClaimBody) => Promise<HarnessApp>;
  /** To be ended, because of too many claims without the secret. */
  readonly onLockedOut: () => void;
  readonly log: Log;
}

/** A harness that answers nothing but its health and one claim; from then on it is the app that the claim made of it. */
export function createParkedApp(deps: ParkedDeps): HarnessApp {
  let serving: HarnessApp | undefined;
  const parked = parkedRoutes(deps, async (claim) => {
    serving = await deps.become(claim);
  });
  return {
    // A second claim is told so by whoever knows the secret, not asked for the new owner's token.
    fetch: async (request) => (serving && !isClaim(request) ? serving : parked).fetch(request),
    close: async () => serving?.close(),
  };
}

function parkedRoutes(deps: ParkedDeps, claimed: (claim: ClaimBody) => Promise<void>): Hono {
  const { secret, health, log } = deps;
  const desk = new ClaimDesk(secret, () => {
    log('claim.locked-out');
    deps.onLockedOut();
  });
  const admit: MiddlewareHandler = async (context, next) => {
    desk.admit(bearerOf(context));
    return next();
  };
  const app = new Hono();
  app.onError(rejectWith(log));
  app.get('/v1/health', (context) => context.json(health));
  app.post(CLAIM_PATH, admit, limitBody(MAX_CLAIM_BYTES), async (context) => {
    const claim = await jsonBody(context, claimBody);
    rejectUnfit(claim, deps.renews);
    desk.take();
    await claimed(claim);
    log('claim', { label: claim.label });
    return context.json({ ok: true, state: 'ready' } satisfies ClaimResponse);
  });
  for (const path of ['/v1/*', '/t/*']) {
    app.all(path, () => {
      throw new HarnessError('UNAUTHORIZED', 401, 'this harness is parked: it has to be claimed first');
    });
  }
  app.notFound(() => {
    throw new HarnessError('NOT_FOUND', 404, 'a parked harness has nothing here');
  });
  return app;
}

/** An identity that nobody would put in place is refused, too: its sender believes to have a machine of its own. */
function rejectUnfit({ identity }: ClaimBody, renews: boolean): void {
  if (renews === (identity !== undefined)) return;
  const message = renews
    ? 'this harness renews the identity of its machine: a claim must bring one'
    : 'this harness cannot renew the identity of its machine: a claim must not bring one';
  throw new HarnessError('VALIDATION', 400, message);
}

function isClaim({ method, url }: Request): boolean {
  return method === 'POST' && new URL(url).pathname === CLAIM_PATH;
}
