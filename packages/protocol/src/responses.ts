import type { Capabilities } from './events.ts';
import type { IdentityMetadata } from './identity.ts';

/** Body of `GET /v1/health`. */
export interface HealthResponse {
  readonly ok: true;
  readonly version: string;
  readonly engines: Readonly<Record<string, Capabilities>>;
  readonly loaders: readonly string[];
  /** `parked`: it waits to be claimed, and does nothing else yet. Older harnesses do not say. */
  readonly state?: 'parked' | 'ready';
}

/** Body of a claim that succeeded: from now on the harness is whoever's token was given. */
export interface ClaimResponse {
  readonly ok: true;
  readonly state: 'ready';
}

/** Body of a renewal that succeeded: the machine is itself, and its harness waits to be claimed by the new secret. */
export interface RenewResponse {
  readonly ok: true;
  readonly state: 'parked';
}

/** Body of a change of the token that succeeded: the old one is refused from now on. */
export interface TokenResponse {
  readonly ok: true;
  readonly state: 'ready';
}

/** Body of a created session. */
export interface CreateSessionResponse {
  readonly sessionId: string;
  readonly engine: string;
  readonly identity: IdentityMetadata;
  readonly capabilities: Capabilities;
  /** A path, not a URL. */
  readonly eventsUrl: string;
}

/** Body of `GET /v1/sessions/:id`. */
export interface SessionInfo {
  readonly sessionId: string;
  readonly engine: string;
  readonly identity: IdentityMetadata;
  readonly status: 'pending' | 'running' | 'completed' | 'cancelled' | 'errored';
}

/** One entry of `GET /v1/sessions/:id/fs/tree`. */
export interface FsTreeEntry {
  /** Relative to the folder that was asked for. */
  readonly path: string;
  readonly type: 'file' | 'dir';
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtime: number;
  readonly mode: number;
}
