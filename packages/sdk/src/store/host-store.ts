/** A piece of a transcript: what the engine wrote at once, and to which of the session's transcripts. */
export interface TranscriptRecord {
  /** Names the transcript within the session; to be kept as it is. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly entries: readonly unknown[];
}

/** Keeps transcripts on this machine, so that they outlive the harness. */
export interface HostSessionStore {
  /** What was appended for this session, in order; nothing for one that is new. */
  load(
    sessionId: string,
  ): Promise<Iterable<TranscriptRecord>> | Iterable<TranscriptRecord> | AsyncIterable<TranscriptRecord>;
  /** Resolves once the records are safe. Called for one batch of a session at a time. */
  append(sessionId: string, records: readonly TranscriptRecord[]): Promise<void>;
}

export function isHostStore(store: object): store is HostSessionStore {
  return 'append' in store && typeof store.append === 'function';
}

/** The conversation could not be loaded or kept. What the agent did since the last record may be lost. */
export class SessionStoreError extends Error {
  override readonly name = 'SessionStoreError';
  /** `STORE_FAILED`: the store threw. `TRANSCRIPT_LOST`: the harness did not tell all. */
  readonly code: 'STORE_FAILED' | 'TRANSCRIPT_LOST';

  constructor(
    code: 'STORE_FAILED' | 'TRANSCRIPT_LOST',
    message: string,
    init: { readonly cause?: unknown } = {},
  ) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
  }
}
