import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, VzvmError } from '../errors.ts';
import { awaitBanner, unreachable } from './banner.ts';
import { aborted, bounded } from './bounded.ts';

/** A server that lives says its first line sooner, but for the slowest; those are given a connection or two for nothing. */
const NEXT_MS = 1_500;

/** How a server is reached. */
export interface ReachOptions {
  readonly dial: (signal: AbortSignal) => Promise<Duplex>;
  /** Deadline of each dial, and then of its banner. */
  readonly timeoutMs: number;
  /** After so long without a word, another connection is opened beside the silent ones. */
  readonly nextMs?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * A stream to an SSH server that has shown itself. A port forwarder accepts for a guest whose network is not there yet,
 * and what it accepted may lead nowhere for ever: so new connections are opened beside a silent one, and the first
 * that comes to anything, good or bad, decides. The others are closed.
 * @throws VzvmError SSH_UNREACHABLE (retry "safe"), ABORTED.
 */
export async function reachServer(options: ReachOptions): Promise<Duplex> {
  const { nextMs = NEXT_MS } = options;
  const looks: Look[] = [];
  let first: Look | undefined;
  try {
    while (!first) {
      looks.push(beginLook(options));
      first = await firstOf(looks, nextMs);
    }
    return await first.stream;
  } finally {
    for (const each of looks) if (each !== first) end(each);
  }
}

/** One connection, and how to give it up. */
interface Look {
  readonly stream: Promise<Duplex>;
  readonly giveUp: AbortController;
}

function beginLook(options: ReachOptions): Look {
  const giveUp = new AbortController();
  const stream = look({ ...options, signal: AbortSignal.any([options.signal, giveUp.signal]) });
  return { stream, giveUp };
}

/** The one that came to something; undefined when none did in time. */
async function firstOf(looks: readonly Look[], ms: number): Promise<Look | undefined> {
  const over = new AbortController();
  const pause = sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    return (await Promise.race([...looks.map((each) => each.stream.then(() => each)), pause])) ?? undefined;
  } finally {
    over.abort();
  }
}

function end({ stream, giveUp }: Look): void {
  giveUp.abort();
  // Two may have come to something at the same time.
  stream.then((each) => each.destroy()).catch(() => undefined);
}

async function look({ dial, timeoutMs, signal }: ReachOptions): Promise<Duplex> {
  const stream = await dialled(dial, timeoutMs, signal);
  try {
    await awaitBanner(stream, timeoutMs, signal);
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function dialled(dial: ReachOptions['dial'], timeoutMs: number, signal: AbortSignal): Promise<Duplex> {
  const deadline = new AbortController();
  const dialling = dial(AbortSignal.any([signal, deadline.signal]));
  const late = () => {
    deadline.abort();
    return unreachable(`the guest was not reached within ${timeoutMs} ms`, { timeoutMs });
  };
  try {
    const stream = await bounded(dialling, { what: 'the guest', timeoutMs, signal, late });
    // Between two owners of the stream nobody else listens, and an unheard error ends the process.
    return stream.on('error', () => undefined);
  } catch (error) {
    dialling.then((stream) => stream.destroy()).catch(() => undefined);
    if (signal.aborted) throw aborted('the guest', error);
    throw error instanceof VzvmError ? error : unreachable(messageOf(error), {}, error);
  }
}
