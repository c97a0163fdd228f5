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
  /** The harness has ended its answer by itself: the session is over, and this was all. */
  #complete = false;
  #progress = Promise.withResolvers<void>();

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
        while (this.#stored < seq) await abortable(this.#progress.promise, signal);
      });
    } catch (error) {
      if (this.#complete && isForgotten(error)) return;
      throw error instanceof SessionStoreError ? error : lost(messageOf(error), error);
    }
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
        failures = this.#stored > before ? 0 : failures + 1;
      } catch (error) {
        if (signal.aborted || (this.#complete && isForgotten(error))) return;
        failures = this.#stored > before || error instanceof StreamIdle ? 0 : failures + 1;
        if (!isWorthAnotherTry(error) || failures > this.#options.reconnect.attempts) this.#fail(error);
      }
      const pauseMs = this.#options.reconnect.pauseMs * 2 ** Math.min(failures, 6);
      await sleep(failures === 0 ? 0 : pauseMs, undefined, { signal }).catch(() => undefined);
    }
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
  }

  async #store(lines: readonly TranscriptLine[]): Promise<void> {
    const fresh = lines.filter(({ seq }) => seq > this.#stored);
    const last = fresh.at(-1);
    if (!last) return;
    if (fresh[0]?.seq !== this.#stored + 1) throw lost(`lines after ${this.#stored} are no longer kept`);
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
