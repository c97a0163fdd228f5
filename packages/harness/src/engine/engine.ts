import type {
  Capabilities,
  HarnessEvent,
  TranscriptEntry,
  TranscriptKey,
  UserMessage,
} from '@computeragent/protocol';
import type { HumanInTheLoop } from '../identity/loader.ts';
import type { AgentParts } from '../identity/parts.ts';
import type { Log } from '../log.ts';

/** How dangerous a tool call is, as far as its name and input tell. */
export type Risk = NonNullable<Extract<HarnessEvent, { kind: 'ca_permission_request' }>['risk']>;

/** Token counts and cost, as an engine reports them. */
export type Usage = Omit<Extract<HarnessEvent, { kind: 'ca_usage_snapshot' }>, 'kind' | 'sessionId'>;

/** A tool call that waits for an answer. */
export interface PermissionRequest {
  readonly callId: string;
  readonly toolName: string;
  readonly input: unknown;
  readonly risk: Risk;
}

/** The answer to a {@link PermissionRequest}. */
export type PermissionAnswer =
  | { readonly behavior: 'allow'; readonly updatedInput: unknown }
  | { readonly behavior: 'deny'; readonly message: string; readonly interrupt: boolean };

/**
 * Where a session's transcripts are kept, and what of them is known from earlier sessions of the same id. It is this
 * session's alone. The project of a key does not matter: an engine may derive it from a working directory that is
 * another one each time.
 */
export interface TranscriptStore {
  /**
   * Adds entries, in the order of the calls. One with a `uuid` that the transcript has already is left out. Rejects when
   * they could not be stored: the engine may try again, but a third failure in a row ends the session.
   */
  append(key: TranscriptKey, entries: readonly TranscriptEntry[]): Promise<void>;
  /** All entries of a transcript, or null for one that was never written. */
  load(key: TranscriptKey): Promise<TranscriptEntry[] | null>;
  /** The `subpath` of each transcript of a sub-agent. */
  listSubkeys(key: Pick<TranscriptKey, 'projectKey' | 'sessionId'>): Promise<string[]>;
}

/** What one run of an engine works with. */
export interface EngineRun {
  readonly sessionId: string;
  /** The session's working directory. */
  readonly cwd: string;
  /** The engine's environment. Secret. */
  readonly env: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly humanInTheLoop: HumanInTheLoop;
  /** Who the agent is, and the programs that it brings. */
  readonly identity?: { readonly name: string } & Partial<AgentParts>;
  /** Ends when no message follows. */
  readonly input: AsyncIterable<UserMessage>;
  /** Aborted when the session is cancelled. */
  readonly signal: AbortSignal;
  /** Passes on one of the engine's own messages, untouched. */
  readonly message: (payload: unknown) => void;
  /** To be called before the message that ends the turn. */
  readonly usage: (usage: Usage) => void;
  /** Asks the client; answers with a denial when the session is cancelled or nobody answers in time. */
  readonly askPermission: (request: PermissionRequest) => Promise<PermissionAnswer>;
  /** Where the client wants the transcript to be kept; undefined: nowhere. */
  readonly store?: TranscriptStore | undefined;
  readonly log: Log;
}

/** How an engine's run ended by itself. */
export type EngineOutcome = 'complete' | 'budget_exceeded';

/** What runs an agent. */
export interface Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Loads what the first session would otherwise wait for. */
  preload?(): Promise<void>;
  /** Runs one session until its input has ended. Rejects when the engine failed. */
  run(run: EngineRun): Promise<EngineOutcome>;
}
