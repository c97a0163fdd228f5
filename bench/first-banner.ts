import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { awaitBanner } from '../src/ssh/banner.ts';

type Dial = (signal: AbortSignal) => Promise<Duplex>;

const PAUSE_MS = 50;
/** QEMU accepts at once, and forgets a connection that the guest's network was not there for: so a new one often. */
const NEXT_MS = 500;
const PATIENCE_MS = 3_000;

/** Resolves as soon as an SSH server shows itself to one of the connections that are opened until then. */
export async function firstBanner(dial: Dial, signal: AbortSignal): Promise<void> {
  const found = new AbortController();
  const open = AbortSignal.any([signal, found.signal]);
  const looks: Promise<void>[] = [];
  while (!open.aborted) {
    const look = lookOnce(dial, open).then((seen) => (seen ? found.abort() : undefined));
    looks.push(look);
    await Promise.race([look, pause(NEXT_MS, open)]);
    await pause(PAUSE_MS, open);
  }
  await Promise.all(looks);
  signal.throwIfAborted();
}

async function lookOnce(dial: Dial, signal: AbortSignal): Promise<boolean> {
  let stream: Duplex | undefined;
  try {
    stream = await dial(signal);
    stream.on('error', () => undefined);
    await awaitBanner(stream, PATIENCE_MS, signal);
    return true;
  } catch {
    return false; // Not yet: refused, reset or silent.
  } finally {
    stream?.destroy();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined); // Whoever waits asks the signal itself.
}
