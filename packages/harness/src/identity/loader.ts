import type { IdentitySource } from '@computeragent/protocol';
import type { AgentParts } from './parts.ts';

/** Whether a person decides over the agent's tool calls: over every one, over the dangerous ones, or over none. */
export type HumanInTheLoop = 'always' | 'destructive' | 'none';

/** An agent's identity, loaded into its working directory. */
export interface LoadedIdentity {
  readonly name: string;
  readonly version: string;
  /** Commit of a git source. */
  readonly sha?: string;
  /** Engine options that the identity asks for; the caller's own win. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly humanInTheLoop: HumanInTheLoop;
  /** Programs that the identity brings. */
  readonly parts?: AgentParts;
  /** What was found and not understood, for the log and the client. */
  readonly warnings: readonly string[];
}

/** What a load may use, and how long. */
export interface LoadContext {
  readonly signal: AbortSignal;
  /** The session's environment: it may hold what a private repository asks for. Secret. */
  readonly env: Readonly<Record<string, string>>;
}

/** Puts an identity into a working directory and reads it. */
export interface IdentityLoader {
  readonly name: string;
  /** Loads what the first identity would otherwise wait for. */
  preload?(): Promise<void>;
  load(
    source: IdentitySource,
    workdir: string,
    signal: AbortSignal,
    env?: Readonly<Record<string, string>>,
  ): Promise<LoadedIdentity>;
}
