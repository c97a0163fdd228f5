import { setTimeout as sleep } from 'node:timers/promises';
import { createNdjsonParser, type TranscriptLine } from '@computeragent/protocol';
import { chunksOf, StreamIdle } from '../chunks.ts';
import type { HarnessClient } from '../client.ts';
import { HarnessConnectionError, HarnessProtocolError } from '../errors.ts';
import type { Reconnect } from '../options.ts';
import { abortable, within } from '../wait.ts';
import { SessionStoreError, type HostSessionStore } from './host-store.ts';

/** What is mirrored, and where to. */
export interface MirrorOptions {
  readonly client: HarnessClient;
  readonly id: string;
  readonly store: HostSessionStore;
  readonly reconnect: Required<Reconnect>;
}

/**
 * Brings what a session's engine writes to a store of this machine, line by line, each once. What goes wrong is told by
 * `failed`: from then on the conversation is not kept.
 */
export class TranscriptMirror {
  readonly #options: MirrorOptions;
  readonly #stopped = new AbortController();
  readonly #failure = new AbortController();
  readonly #running: Promise<void>;
  /** The last line that the store has. */
  #stored = 0;
  /** Resolves when the harness has ended its answer by itself: the session is over, and this was all. */
  readonly #over = Promise.withResolvers<void>();
  #complete = false;
  #progress = Promise.withResolvers<void>();
  /** Resolves when somebody wants to know what there is. */
  #wanted = Promise.withResolvers<void>();

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /**
   * Resolves once the store has all that the engine has written so far.
   * @throws SessionStoreError
   */
  async flush(timeoutMs: number): Promise<void> {
    const { client, id } = this.#options;
    const late = () => lost(`it was not told within ${timeoutMs} ms`);
    try {
      await within({ ms: timeoutMs, signal: this.failed, late }, async (signal) => {
        const seq = await client.flush(id, { signal, timeoutMs });
        this.#wanted.resolve();
        while (this.#stored < seq) await abortable(this.#progress.promise, signal);
      });
    } catch (error) {
      if (this.#complete && isForgotten(error)) return;
      throw error instanceof SessionStoreError ? error : lost(messageOf(error), error);
    }
  }

  /** Waits a while for the session's end: an engine may write its last words only then. */
  async untilOver(ms: number): Promise<void> {
    const late = () => new HarnessConnectionError('TIMEOUT', 'the session goes on');
    // One that does not end has nothing more to say, or its flush tells what is wrong.
    await within({ ms, signal: this.failed, late }, () => this.#over.promise).catch(() => undefined);
  }

  /** Ends it, after the write that is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort(new DOMException('the transcript is not followed any more', 'AbortError'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const signal = AbortSignal.any([this.#stopped.signal, this.#failure.signal]);
    let failures = 0;
    while (!signal.aborted) {
      const before = this.#stored;
      try {
        await this.#follow(signal);
        failures = 0;
        // It ends with the session, and an ended session must not be kept alive by being asked.
        if (this.#stored === before) await this.#untilWanted(signal);
      } catch (error) {
        if (signal.aborted || (this.#complete && isForgotten(error))) return;
        failures = this.#stored > before || error instanceof StreamIdle ? 0 : failures + 1;
        if (!isWorthAnotherTry(error) || failures > this.#options.reconnect.attempts) this.#fail(error);
      }
      const pauseMs = failures === 0 ? 0 : this.#options.reconnect.pauseMs * 2 ** (failures - 1);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #untilWanted(signal: AbortSignal): Promise<void> {
    await abortable(this.#wanted.promise, signal).catch(() => undefined);
    this.#wanted = Promise.withResolvers<void>();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { client, id, reconnect } = this.#options;
    const response = await client.transcript(id, this.#stored, signal);
    if (!response.body) return;
    const parser = createNdjsonParser();
    for await (const chunk of chunksOf(response.body, reconnect.idleMs, signal)) {
      await this.#store(parser.push(chunk) as TranscriptLine[]);
    }
    this.#complete = true;
    this.#over.resolve();
  }

  async #store(lines: readonly TranscriptLine[]): Promise<void> {
    const fresh = newOnes(lines, this.#stored);
    const last = fresh.at(-1);
    if (!last) return;
    const { store, id } = this.#options;
    try {
      await store.append(
        id,
        fresh.map(({ key, entries }) => ({ key, entries })),
      );
    } catch (cause) {
      throw new SessionStoreError('STORE_FAILED', `session ${id} could not be kept: ${messageOf(cause)}`, {
        cause,
      });
    }
    this.#stored = last.seq;
    this.#progress.resolve();
    this.#progress = Promise.withResolvers<void>();
  }

  #fail(error: unknown): void {
    this.#failure.abort(error instanceof SessionStoreError ? error : lost(messageOf(error), error));
  }
}

/** Those after a line that the store has, each once: what comes together may repeat itself, too. */
function newOnes(lines: readonly TranscriptLine[], stored: number): readonly TranscriptLine[] {
  const fresh: TranscriptLine[] = [];
  for (const line of lines) {
    const next = stored + fresh.length + 1;
    if (line.seq > next) throw lost(`lines after ${next - 1} are no longer kept`);
    if (line.seq === next) fresh.push(line);
  }
  return fresh;
}

function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof SessionStoreError || error instanceof RangeError) return false;
  if (error instanceof HarnessProtocolError) return [502, 503, 504].includes(error.status);
  return error instanceof HarnessConnectionError || error instanceof Error;
}

/** A session that the harness has no more: it was removed, or nobody asked for it for too long. */
const isForgotten = (error: unknown): boolean =>
  error instanceof HarnessProtocolError && error.status === 404;

function lost(why: string, cause?: unknown): SessionStoreError {
  return new SessionStoreError('TRANSCRIPT_LOST', `the end of the transcript may be lost: ${why}`, { cause });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
