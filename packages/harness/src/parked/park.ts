import type { ClaimIdentity } from '@computeragent/protocol';
import type { HarnessApp } from '../app.ts';
import type { ParkedConfig } from '../boot/config.ts';
import { EXIT } from '../boot/exit-codes.ts';
import { abilities, fullApp } from '../boot/full-app.ts';
import { HarnessError, messageOf } from '../errors.ts';
import { healthOf } from '../http/health.ts';
import type { Log, Secrets } from '../log.ts';
import { createParkedApp } from './parked-app.ts';
import { preload } from './preload.ts';
import { type Renewal, secretsOfIdentity, startRenewal } from './renewal.ts';

/** What parking needs of the process. */
export interface ParkDeps {
  readonly log: Log;
  /** Grows by what the claim brings. */
  readonly secrets: Secrets;
  /** Ends the process, once what is being answered has been. */
  readonly end: (exitCode: number) => void;
  /** Does what is to be ended, and waited for, when the process ends meanwhile. */
  readonly during: <T>(work: (ending: AbortSignal) => Promise<T>) => Promise<T>;
  /** Of the harness that the claim makes of it. */
  readonly maxSessions?: number | undefined;
}

/**
 * Makes a harness that waits for its claim with everything loaded: one that answers at all is ready to be claimed, and
 * its machine to be copied.
 */
export async function park({ secret, renew }: ParkedConfig, deps: ParkDeps): Promise<HarnessApp> {
  const { log, secrets, end, during, maxSessions } = deps;
  const onLost = (reason: string): void => {
    log('renewal.lost', { message: reason });
    end(EXIT.renewalFailed);
  };
  const preloaded = during((ending) => preload(log, ending));
  const [renewal] = await Promise.all([renew && startRenewal(renew.command, onLost), preloaded]);
  return createParkedApp({
    secret,
    health: healthOf(abilities, 'parked'),
    ...(renewal ? { renew: (identity: ClaimIdentity) => renewOrEnd(renewal, identity, deps) } : {}),
    become: async (claim) => fullApp({ ...claim, maxSessions }, log, secrets),
    onSecret: (next) => secrets.add([next]),
    onLockedOut: () => end(EXIT.lockedOut),
    log,
  });
}

/** A machine that is half itself and half the one it was copied from must serve nobody. */
async function renewOrEnd(
  renewal: Renewal,
  identity: ClaimIdentity,
  { log, secrets, end }: ParkDeps,
): Promise<void> {
  secrets.add(secretsOfIdentity(identity));
  try {
    await renewal.renew(identity);
  } catch (error) {
    const reason = secrets.redact(messageOf(error));
    log('renewal.failed', { message: reason });
    end(EXIT.renewalFailed);
    throw new HarnessError('RENEWAL_FAILED', 500, `the identity of the machine was not renewed: ${reason}`);
  }
}
