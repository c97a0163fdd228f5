import { abilities } from '../boot/full-app.ts';
import type { Engine } from '../engine/engine.ts';
import { messageOf } from '../errors.ts';
import type { IdentityLoader } from '../identity/loader.ts';
import type { Log } from '../log.ts';
import { rehearse } from './rehearsal.ts';

/** A harness that cannot load its engine serves what it can, parked or not: the first session is told. */
export async function preload(log: Log): Promise<void> {
  const failed = (name: string, error: unknown): void =>
    log('preload.failed', { name, message: messageOf(error) });
  const all: readonly (Engine | IdentityLoader)[] = [...abilities.engines, ...abilities.loaders];
  for (const each of all) {
    await each.preload?.().catch((error: unknown) => failed(each.name, error));
  }
  await rehearse().catch((error: unknown) => failed('rehearsal', error));
}
