import type { Driver } from '../drivers/driver.ts';
import { within } from '../process/end-process.ts';
import { unlessAborted } from '../process/unless-aborted.ts';

/** Whoever waits for the error has waited for a step's deadline already. */
const LOOK_MS = 3_000;

/**
 * What is wrong with the host, and what to do about it; undefined where nothing is. To be asked when a step was too slow: a
 * host without room for their files makes guests wait for it, and not every hypervisor says a word.
 */
export async function hintOfHost(driver: Driver, signal: AbortSignal): Promise<string | undefined> {
  const looking = driver.check(AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]));
  // Whoever cancels, or has no host that answers, is told without it.
  const found = await within(unlessAborted(looking, signal), LOOK_MS).catch(() => undefined);
  if (!found) return undefined;
  const wrong = found.filter(({ level }) => level === 'error');
  const hints = wrong.map(({ subject, message, fix }) => `${subject}: ${message}${fix ? `, ${fix}` : ''}`);
  return hints.length === 0 ? undefined : `this host has a problem: ${hints.join('; ')}`;
}
