import type { Attachment, CreateSessionInput, IdentitySource, UserMessage } from '@computeragent/protocol';
import type { Decide } from './permission.ts';
import type { LocalFolder } from './source/source.ts';
import type { HostSessionStore } from './store/host-store.ts';
import type { Substrate } from './substrate.ts';
import type { AgentTelemetry } from './telemetry.ts';

/** What ends a call before it is done. */
export interface CallOptions {
  /** The call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The call then rejects with a HarnessConnectionError of the code `TIMEOUT`. In place of the agent's `timeouts`. */
  readonly timeoutMs?: number | undefined;
}

/** Options of one chat. */
export interface ChatOptions {
  /**
   * Takes the chat back while it waits for its turn, and cancels the session once its message is sent: the protocol
   * cannot end a turn alone. The handle rejects with the signal's reason.
   */
  readonly signal?: AbortSignal;
  /** How long it may take in all, with its wait for its turn, like a signal that aborts then. @defaultValue no limit */
  readonly timeoutMs?: number;
  /** How many events may be read before a loop over the handle takes them. @defaultValue 4096 */
  readonly readAhead?: number;
  /**
   * False lets go of events once they were read, for turns of many events: the handle can then be iterated once, and
   * its result has only the messages that end a turn. @defaultValue true
   */
  readonly keepEvents?: boolean;
}

/** How long things may take. */
export interface Timeouts {
  /** Booting the harness. @defaultValue 1 h: a substrate knows better, this is for one that hangs */
  readonly bootMs?: number;
  /** Shutting it down. @defaultValue 300 s */
  readonly shutdownMs?: number;
  /** Waiting for the last words of a transcript. @defaultValue 30 s */
  readonly flushMs?: number;
  /** @defaultValue 30 s */
  readonly requestMs?: number;
  /** Creating a session, which may clone a repository. @defaultValue 300 s */
  readonly createMs?: number;
  /** Writing or fetching a file. @defaultValue 300 s */
  readonly transferMs?: number;
}

/** What is done when the connection to the events breaks. */
export interface Reconnect {
  /** Tries in a row that may fail; an event that arrives counts as success. @defaultValue 5 */
  readonly attempts?: number;
  /** Pause before the first try; each further one is twice as long. @defaultValue 200 ms */
  readonly pauseMs?: number;
  /**
   * How long nothing may come before the connection is made anew; a harness that is well sends a sign of life every
   * 20 s. @defaultValue 60 s
   */
  readonly idleMs?: number;
}

/** The engines that are known; a harness may have others. */
export type HarnessName = 'claude-agent-sdk' | 'gitagent' | 'deepagents' | (string & {});

/** The loaders that are known; a harness may have others. */
export type IdentityLoaderName = 'gitagentprotocol' | (string & {});

/** The stores of a harness that are known; a harness may have others. */
export type SessionStoreKind = 'memory' | 'file' | (string & {});

/** Options of {@link ComputerAgent}. */
export interface ComputerAgentOptions {
  /**
   * The agent's identity. A string that begins with `/`, `./`, `../` or `~/` is a folder, any other a git URL. A folder
   * of this machine is packed and sent along.
   */
  readonly source: IdentitySource | LocalFolder | string;
  /** Bytes that a folder may have. @defaultValue 32 MiB */
  readonly maxSourceBytes?: number;
  readonly harness: HarnessName;
  /** @defaultValue "gitagentprotocol" */
  readonly identityLoader?: IdentityLoaderName;
  /** Where the harness runs: a substrate, booted with the first request; a string means `harnessUrl`. */
  readonly runtime?: Substrate | string;
  /** A harness that runs already. @defaultValue "http://127.0.0.1:7700" */
  readonly harnessUrl?: string;
  /** The harness's and the session's environment; may hold keys. */
  readonly envs?: Readonly<Record<string, string>>;
  /** Folded into `options`. */
  readonly model?: string;
  /** Folded into `options`. */
  readonly temperature?: number;
  /** Becomes `ANTHROPIC_BASE_URL` unless `envs` has one. Throws when it is not a URL. */
  readonly baseUrl?: string;
  /** Engine options. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly sessionId?: string;
  /**
   * Where the conversation is kept. A `kind` names a store of the harness, which ends with it; `hostFileStore()`, or an
   * object of your own, keeps it on this machine, so that a new harness goes on with an old conversation. That needs a
   * `sessionId`.
   */
  readonly sessionStore?: { readonly kind: SessionStoreKind; readonly options?: unknown } | HostSessionStore;
  readonly attachments?: readonly Attachment[];
  /**
   * Answers permission requests, one after the other. Without it every request is allowed, but for those that the
   * agent's identity leaves to a person, which are denied. "manual" leaves all to `respondToPermission()`.
   */
  readonly onToolCall?: Decide | 'manual';
  /** Decided on the harness instead of by `onToolCall`. */
  readonly policy?: NonNullable<CreateSessionInput['policy']>;
  /** Ends everything that this agent does: boot, session, turns. What it has booted stays until `dispose()`. */
  readonly signal?: AbortSignal;
  readonly telemetry?: AgentTelemetry;
  readonly timeouts?: Timeouts;
  readonly reconnect?: Reconnect;
  /** One line on standard error for each event. @defaultValue whether `COMPUTERAGENT_LOG` is "debug" */
  readonly debug?: boolean;
  /** Used for every request. @defaultValue the platform's fetch */
  readonly fetch?: typeof fetch;
}

/** What a chat may be given. Several messages are taken one after the other, each when the one before is answered. */
export type ChatInput = string | UserMessage | readonly UserMessage[] | AsyncIterable<UserMessage>;

const DEFAULT_URL = 'http://127.0.0.1:7700';

/** The environment with `baseUrl` folded in. */
export function environment(options: ComputerAgentOptions): Record<string, string> {
  const base = options.baseUrl === undefined ? {} : { ANTHROPIC_BASE_URL: options.baseUrl };
  return { ...base, ...options.envs };
}

/** The harness to use when no substrate boots one. */
export function staticUrl(options: ComputerAgentOptions): string {
  return (options.harnessUrl ?? DEFAULT_URL).replace(/\/+$/, '');
}

export function timeoutsOf({ timeouts = {} }: ComputerAgentOptions): Required<Timeouts> {
  return {
    bootMs: 3_600_000,
    shutdownMs: 300_000,
    flushMs: 30_000,
    requestMs: 30_000,
    createMs: 300_000,
    transferMs: 300_000,
    ...timeouts,
  };
}

export function reconnectOf({ reconnect = {} }: ComputerAgentOptions): Required<Reconnect> {
  return { attempts: 5, pauseMs: 200, idleMs: 60_000, ...reconnect };
}

/** Throws TypeError for options that can never work. */
export function checkOptions(options: ComputerAgentOptions): void {
  for (const name of ['baseUrl', 'harnessUrl'] as const) {
    const value = options[name];
    if (value !== undefined && !URL.canParse(value)) {
      throw new TypeError(`invalid ${name}: ${JSON.stringify(value)} is not a URL`);
    }
  }
}

/** The messages of an input. Throws TypeError when there is none: a turn without one would wait for ever. */
export function messagesOf(input: ChatInput): readonly UserMessage[] | AsyncIterable<UserMessage> {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  if ('role' in input) return [input];
  if ('length' in input && input.length === 0) throw new TypeError('chat needs at least one message');
  return input;
}
