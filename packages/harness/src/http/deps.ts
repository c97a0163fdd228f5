import type { Engine } from '../engine/engine.ts';
import type { IdentityLoader } from '../identity/loader.ts';
import type { Log } from '../log.ts';
import type { AuditSink, SessionLimits } from '../session/init.ts';
import type { SessionRegistry } from '../session/registry.ts';
import type { HostStore } from '../store/host-store.ts';
import type { StoreKind } from '../store/store.ts';
import type { AuthHandler } from './auth-handler.ts';
import type { Owner } from './owner.ts';

/** What the routes work with. */
export interface AppDeps {
  /** At least one. */
  readonly engines: readonly Engine[];
  /** At least one. */
  readonly loaders: readonly IdentityLoader[];
  /** Beside `memory`, `file` and `host`; one of the same name takes its place. */
  readonly stores?: readonly StoreKind[] | undefined;
  /** Leaves out entries of a store that are no objects with a `type`, before an engine sees them. Default: false. */
  readonly validateStoreEntries?: boolean | undefined;
  /** Demanded from every request but health when given. */
  readonly token?: string | undefined;
  /** Told each token that takes its place, before it does: no log may show it. */
  readonly onToken?: ((token: string) => void) | undefined;
  /** Decides who may do what. Default: whoever has the token, or can reach the harness where there is none. */
  readonly authHandler?: AuthHandler | undefined;
  /** Paths that the handler is not asked about, to the letter. Default: `/v1/health`. */
  readonly authPublicPaths?: readonly string[] | undefined;
  readonly auditSink?: AuditSink | undefined;
  /** Environment for every engine; a session's own wins. Secret. */
  readonly engineEnv?: Readonly<Record<string, string>> | undefined;
  /** Folder for the sessions' working directories; one of this user's in the temporary folder when undefined. */
  readonly workdirBase?: string | undefined;
  /** A session that nobody asks for or reads is ended, and its files removed, after this long. Default: 60 minutes. */
  readonly sessionTtlMs?: number | undefined;
  /** How many sessions there are at most; ended ones give way to new ones. Default: 256. */
  readonly maxSessions?: number | undefined;
  readonly limits?: Partial<SessionLimits> | undefined;
  readonly keepAliveMs?: number | undefined;
  readonly log?: Log | undefined;
}

/** What the routes share: the dependencies and the sessions. */
export interface Harness extends AppDeps {
  readonly sessions: SessionRegistry;
  readonly stores: readonly StoreKind[];
  readonly hostStore: HostStore;
  /** Undefined: whoever can reach it. */
  readonly owner: Owner | undefined;
  /** Aborted when the harness closes: ends sessions that are still being made. */
  readonly closing: AbortSignal;
  readonly log: Log;
}
