import type { Attachment, CreateSessionInput, IdentitySource, UserMessage } from '@computeragent/protocol';
import type { Decide } from './permission.ts';
import type { Substrate } from './substrate.ts';
import type { AgentTelemetry } from './telemetry.ts';

/** How long a request may take. */
export interface Timeouts {
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
}

/** Options of {@link ComputerAgent}. */
export interface ComputerAgentOptions {
  /** The agent's identity. A string that begins with `/`, `./` or `../` is a local path, any other a git URL. */
  readonly source: IdentitySource | string;
  /** The engine: "claude-agent-sdk". */
  readonly harness: string;
  /** @defaultValue "gitagentprotocol" */
  readonly identityLoader?: string;
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
  readonly sessionStore?: { readonly kind: string; readonly options?: unknown };
  readonly attachments?: readonly Attachment[];
  /**
   * Answers permission requests. Without it every request is allowed: give it wherever a tool may do harm that its
   * substrate does not contain.
   */
  readonly onToolCall?: Decide;
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

/** The body that creates the session. Never holds messages: every turn goes its own way. */
export function createBody(options: ComputerAgentOptions): CreateSessionInput {
  const engineOptions = {
    ...options.options,
    ...(options.model === undefined ? {} : { model: options.model }),
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
  };
  const envs = environment(options);
  return {
    engine: options.harness,
    identity: { loader: options.identityLoader ?? 'gitagentprotocol', source: sourceOf(options.source) },
    streamingInput: true,
    ...(Object.keys(envs).length === 0 ? {} : { envs }),
    ...(Object.keys(engineOptions).length === 0 ? {} : { options: engineOptions }),
    ...(options.sessionId === undefined ? {} : { sessionId: options.sessionId }),
    ...(options.sessionStore === undefined ? {} : { sessionStore: { ...options.sessionStore } }),
    ...(options.attachments?.length ? { attachments: [...options.attachments] } : {}),
    ...(options.policy === undefined ? {} : { policy: options.policy }),
  };
}

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
  return { requestMs: 30_000, createMs: 300_000, transferMs: 300_000, ...timeouts };
}

export function reconnectOf({ reconnect = {} }: ComputerAgentOptions): Required<Reconnect> {
  return { attempts: 5, pauseMs: 200, ...reconnect };
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

function sourceOf(source: IdentitySource | string): IdentitySource {
  if (typeof source !== 'string') return source;
  return /^\.{0,2}\//.test(source) ? { type: 'local', path: source } : { type: 'git', url: source };
}
