import { abilities } from '../boot/full-app.ts';
import type { Engine } from '../engine/engine.ts';
import { messageOf } from '../errors.ts';
import type { IdentityLoader } from '../identity/loader.ts';
import type { Log } from '../log.ts';
import { rehearse } from './rehearsal.ts';

/**
 * A harness that cannot load its engine serves what it can, parked or not: the first session is told. Answers whether all
 * was loaded.
 */
export async function preload(log: Log): Promise<boolean> {
  let isWhole = true;
  const failed = (name: string, error: unknown): void => {
    isWhole = false;
    log('preload.failed', { name, message: messageOf(error) });
  };
  const all: readonly (Engine | IdentityLoader)[] = [...abilities.engines, ...abilities.loaders];
  for (const each of all) {
    await each.preload?.().catch((error: unknown) => failed(each.name, error));
  }
  await rehearse().catch((error: unknown) => failed('rehearsal', error));
  return isWhole;
}
