import type { HarnessEvent } from '@computeragent/protocol';
import type { Engine, PermissionAnswer, PermissionRequest } from '../engine/engine.ts';
import type { LoadedIdentity } from '../identity/loader.ts';
import type { Log, Redact } from '../log.ts';
import type { OpenStore } from '../store/store.ts';

/** What a session is made of. */
export interface SessionInit {
  readonly id: string;
  /** Whose session it is; undefined where the harness tells nobody apart. */
  readonly principal: string | undefined;
  readonly engine: Engine;
  readonly identity: LoadedIdentity;
  readonly workdir: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Secret. */
  readonly env: Readonly<Record<string, string>>;
  /** False: input ends when the engine starts, with what has arrived until then. */
  readonly streamingInput: boolean;
  readonly limits: SessionLimits;
  /** Where its transcript is kept; undefined: nowhere. */
  readonly store: OpenStore | undefined;
  /** Leaves out entries of the store that are no objects with a `type`. */
  readonly validateStoreEntries: boolean;
  /** Decides over tool calls in the place of the client. */
  readonly policy: Decide | undefined;
  readonly audit: AuditSink | undefined;
  readonly log: Log;
  /** Hides the session's secrets in an error's message, which clients and logs see. */
  readonly redact: Redact;
}

/** Deadlines of a session. */
export interface SessionLimits {
  /** A permission request that nobody answers is denied after this long. */
  readonly permissionMs: number;
  /** A permission request is denied after this long without anybody who reads the session's events. */
  readonly unattendedMs: number;
  /** How long an engine may take to end after a cancel, before the session ends without it. */
  readonly cancelMs: number;
}

/** Decides over a tool call. Never rejects. */
export type Decide = (request: PermissionRequest, signal: AbortSignal) => Promise<PermissionAnswer>;

/** One event of a session, as it happened. */
export interface AuditRecord {
  readonly sessionId: string;
  readonly eventId: number;
  readonly event: HarnessEvent;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** Told every event of every session, those included that an engine sends after its session has ended. */
export interface AuditSink {
  /** Called in the order of the ids, before any client sees the event. What it throws is logged, and changes nothing. */
  onEvent(record: AuditRecord): void | Promise<void>;
}
