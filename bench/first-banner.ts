import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { reachServer } from '../src/ssh/reach-server.ts';

const PAUSE_MS = 50;
const PATIENCE_MS = 3_000;

/** Resolves as soon as an SSH server shows itself. */
export async function firstBanner(
  dial: (signal: AbortSignal) => Promise<Duplex>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      const stream = await reachServer({ dial, timeoutMs: PATIENCE_MS, signal });
      stream.destroy();
      return;
    } catch {
      signal.throwIfAborted(); // Else not yet: refused, reset or silent.
    }
    await sleep(PAUSE_MS, undefined, { signal });
  }
}
