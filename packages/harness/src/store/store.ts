import type { TranscriptStore } from '../engine/engine.ts';
import type { Outbox } from './outbox.ts';

/** Whose transcripts are to be kept. */
export interface StoreInit {
  readonly sessionId: string;
  /** Tells apart what different owners call by one id. To be part of every name that a store gives. */
  readonly scope: string;
  /** What the client gave beside the kind, unchecked. */
  readonly options: unknown;
}

/** A session's transcripts, opened. */
export interface OpenStore extends TranscriptStore {
  /** What is on its way to the host, for a store that is there. */
  readonly outbox?: Outbox;
  /** The session has ended: nothing is appended any more. */
  close?(): void;
}

/** A kind of place where transcripts are kept. */
export interface StoreKind {
  /** What a client asks for it by. */
  readonly name: string;
  /** Opens it for a session. Rejects with a HarnessError where the client's options are at fault. */
  open(init: StoreInit): OpenStore | Promise<OpenStore>;
}

/** What different owners call by one id. Without owners it is the id. */
export function scopeOf(principal: string | undefined, sessionId: string): string {
  return principal === undefined ? sessionId : `${principal}\0${sessionId}`;
}
