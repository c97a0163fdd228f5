import type { ClaimBody } from '@computeragent/protocol';
import type { HarnessApp } from '../app.ts';
import type { ParkedConfig } from '../boot/config.ts';
import { EXIT } from '../boot/exit-codes.ts';
import { abilities, fullApp, secretsOf } from '../boot/full-app.ts';
import { messageOf } from '../errors.ts';
import { healthOf } from '../http/health.ts';
import type { Log, Secrets } from '../log.ts';
import { createParkedApp } from './parked-app.ts';

/** What parking needs of the process. */
export interface ParkDeps {
  readonly log: Log;
  /** Grows by what the claim brings. */
  readonly secrets: Secrets;
  /** Ends the process, once what is being answered has been. */
  readonly end: (exitCode: number) => void;
}

/**
 * Makes a harness that waits for its claim with everything loaded: one that answers at all is ready to be claimed, and
 * its machine to be copied.
 */
export async function park({ secret }: ParkedConfig, deps: ParkDeps): Promise<HarnessApp> {
  const { log, secrets, end } = deps;
  await preload(log);
  const become = async (claim: ClaimBody): Promise<HarnessApp> => {
    secrets.add(secretsOf(claim));
    return fullApp(claim, log);
  };
  const onLockedOut = (): void => end(EXIT.lockedOut);
  const health = healthOf(abilities, 'parked');
  return createParkedApp({ secret, health, renews: false, become, onLockedOut, log });
}

/** A harness that cannot load its engine serves what it can, parked or not: the first session is told. */
async function preload(log: Log): Promise<void> {
  for (const engine of abilities.engines) {
    await engine.preload?.().catch((error: unknown) => {
      log('preload.failed', { engine: engine.name, message: messageOf(error) });
    });
  }
}
