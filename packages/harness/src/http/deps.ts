import type { Engine } from '../engine/engine.ts';
import type { IdentityLoader } from '../identity/loader.ts';
import type { Log } from '../log.ts';
import type { SessionLimits } from '../session/session.ts';
import type { SessionRegistry } from '../session/registry.ts';
import type { Owner } from './owner.ts';

/** What the routes work with. */
export interface AppDeps {
  readonly engines: readonly Engine[];
  readonly loaders: readonly IdentityLoader[];
  /** Demanded from every request but health when given. */
  readonly token?: string | undefined;
  /** Told each token that takes its place, before it does: no log may show it. */
  readonly onToken?: ((token: string) => void) | undefined;
  /** Environment for every engine; a session's own wins. Secret. */
  readonly engineEnv?: Readonly<Record<string, string>> | undefined;
  /** Folder for the sessions' working directories; the system's temporary folder when undefined. */
  readonly workdirBase?: string | undefined;
  readonly limits?: Partial<SessionLimits> | undefined;
  readonly keepAliveMs?: number | undefined;
  readonly log?: Log | undefined;
}

/** What the routes share: the dependencies and the sessions. */
export interface Harness extends AppDeps {
  readonly sessions: SessionRegistry;
  /** Undefined: whoever can reach it. */
  readonly owner: Owner | undefined;
  /** Aborted when the harness closes: ends sessions that are still being made. */
  readonly closing: AbortSignal;
  readonly log: Log;
}
