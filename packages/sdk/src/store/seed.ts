import type { HarnessClient } from '../client.ts';
import { SessionStoreError, type HostSessionStore, type TranscriptRecord } from './host-store.ts';

/** Sends what the store has of a session to the harness, before the session is created there. */
export async function seedFrom(
  store: HostSessionStore,
  { client, id, signal }: { client: HarnessClient; id: string; signal: AbortSignal },
): Promise<void> {
  const failure: { error?: SessionStoreError } = {};
  const lines = linesOf(store, id, failure);
  const first = await lines.next();
  if (first.done) return;
  try {
    await client.seedTranscript(id, ReadableStream.from(after(first.value, lines)), signal);
  } catch (error) {
    // The harness was only told of a body that broke off.
    throw failure.error ?? error;
  } finally {
    await lines.return(undefined);
  }
}

async function* after<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

async function* linesOf(
  store: HostSessionStore,
  id: string,
  failure: { error?: SessionStoreError },
): AsyncGenerator<Uint8Array, void> {
  const encoder = new TextEncoder();
  try {
    for await (const { key, entries } of await store.load(id)) {
      yield encoder.encode(`${JSON.stringify({ key, entries } satisfies TranscriptRecord)}\n`);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    failure.error = new SessionStoreError('STORE_FAILED', `session ${id} could not be loaded: ${why}`, {
      cause,
    });
    throw failure.error;
  }
}
