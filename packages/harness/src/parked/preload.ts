import { abilities } from '../boot/full-app.ts';
import { deferred } from '../deferred.ts';
import type { Engine } from '../engine/engine.ts';
import { messageOf, systemCode } from '../errors.ts';
import type { IdentityLoader } from '../identity/loader.ts';
import type { Log } from '../log.ts';
import { rehearse } from './rehearsal.ts';

/**
 * A harness that cannot load its engine serves what it can, parked or not: the first session is told. Answers whether all
 * was loaded. Never rejects; when the signal aborts it answers as soon as nothing of the rehearsal is left.
 */
export async function preload(log: Log, signal?: AbortSignal): Promise<boolean> {
  let isWhole = true;
  const failed = (name: string, error: unknown): void => {
    isWhole = false;
    // Whoever ends it knows why.
    if (signal?.aborted) return;
    log('preload.failed', { name, code: systemCode(error), message: messageOf(error) });
  };
  const all: readonly (Engine | IdentityLoader)[] = [...abilities.engines, ...abilities.loaders];
  for (const each of all) {
    await unlessAborted(each.preload?.(), signal).catch((error: unknown) => failed(each.name, error));
  }
  await rehearse({ signal }).catch((error: unknown) => failed('rehearsal', error));
  return isWhole;
}

/** A module that is being loaded cannot be told to stop: it is left to itself. */
async function unlessAborted(
  work: Promise<void> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { promise, reject } = deferred<never>();
  const abort = (): void => reject(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([promise, work]);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
