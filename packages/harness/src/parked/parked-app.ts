import {
  type ClaimBody,
  claimBody,
  type ClaimIdentity,
  type ClaimResponse,
  type HealthResponse,
  type RenewBody,
  renewBody,
  type RenewResponse,
} from '@computeragent/protocol';
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
const RENEW_PATH = '/v1/renew';
const MAX_CLAIM_BYTES = 2 * 1024 * 1024;

/** What a parked harness works with. */
export interface ParkedDeps {
  readonly secret: string;
  readonly health: HealthResponse;
  /** Gives the machine an identity, once: then a claim must bring one, unless a renewal came before; else it must not. */
  readonly renew?: (identity: ClaimIdentity) => Promise<void>;
  /** Makes the app that serves from then on. What it rejects with ends the harness. */
  readonly become: (claim: ClaimBody) => Promise<HarnessApp>;
  /** Told each secret that a renewal brings, before it is used. */
  readonly onSecret: (secret: string) => void;
  /** To be ended, because of too many claims without the secret. */
  readonly onLockedOut: () => void;
  readonly log: Log;
}

/**
 * A harness that answers nothing but its health and one claim; from then on it is the app that the claim made of it. A
 * renewal makes it one that waits for its claim anew, with another secret and an identity that is its own.
 */
export function createParkedApp(deps: ParkedDeps): HarnessApp {
  let next: HarnessApp | undefined;
  let isRenewed = false;
  const parked = parkedRoutes(deps, {
    claim: async (claim) => {
      if (claim.identity) await deps.renew?.(claim.identity);
      next = await deps.become(claim);
    },
    renew: async ({ secret, identity }) => {
      await deps.renew?.(identity);
      deps.onSecret(secret);
      const { renew: _, ...rest } = deps;
      next = createParkedApp({ ...rest, secret });
      isRenewed = true;
    },
  });
  return {
    // A second claim is told so by whoever knows the secret, not asked for the new owner's token.
    fetch: async (request) => (next && (isRenewed || !isClaim(request)) ? next : parked).fetch(request),
    close: async () => next?.close(),
  };
}

interface ParkedActs {
  readonly claim: (claim: ClaimBody) => Promise<void>;
  readonly renew: (renewal: RenewBody) => Promise<void>;
}

function parkedRoutes(deps: ParkedDeps, acts: ParkedActs): Hono {
  const { secret, health, log } = deps;
  const desk = new ClaimDesk(secret, () => {
    log('claim.locked-out');
    deps.onLockedOut();
  });
  const admit: MiddlewareHandler = async (context, next) => {
    desk.admit(bearerOf(context));
    return next();
  };
  const renews = deps.renew !== undefined;
  const app = new Hono();
  app.onError(rejectWith(log));
  app.get('/v1/health', (context) => context.json(health));
  app.post(CLAIM_PATH, admit, limitBody(MAX_CLAIM_BYTES), async (context) => {
    const claim = await jsonBody(context, claimBody);
    rejectUnfit(claim, renews);
    desk.take();
    await acts.claim(claim);
    log('claim', { label: claim.label });
    return context.json({ ok: true, state: 'ready' } satisfies ClaimResponse);
  });
  app.post(RENEW_PATH, admit, limitBody(MAX_CLAIM_BYTES), async (context) => {
    const renewal = await jsonBody(context, renewBody);
    rejectUnfit(renewal, renews);
    desk.take();
    await acts.renew(renewal);
    log('renewed');
    return context.json({ ok: true, state: 'parked' } satisfies RenewResponse);
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
function rejectUnfit({ identity }: Pick<ClaimBody, 'identity'>, renews: boolean): void {
  if (renews === (identity !== undefined)) return;
  const message = renews
    ? 'this harness renews the identity of its machine: a claim must bring one'
    : 'this harness cannot renew the identity of its machine: a claim must not bring one';
  throw new HarnessError('VALIDATION', 400, message);
}

function isClaim({ method, url }: Request): boolean {
  return method === 'POST' && [CLAIM_PATH, RENEW_PATH].includes(new URL(url).pathname);
}
