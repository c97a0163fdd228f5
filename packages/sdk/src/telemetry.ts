import type { ChatHandle } from './chat-handle.ts';
import type { ChatInput, ComputerAgentOptions } from './options.ts';

/** What an agent was made with. */
export type AgentConstructedInfo = Pick<ComputerAgentOptions, 'source' | 'harness' | 'model' | 'baseUrl'>;

/** A chat that begins. */
export interface ChatStartInfo {
  /** Rejects when there will be no session. */
  readonly sessionIdPromise: Promise<string>;
  readonly message: ChatInput;
}

/** A chat that has ended. */
export interface ChatEndInfo {
  /** What `onChatStart` returned. */
  readonly context: unknown;
  readonly sessionId: string | undefined;
  /** True when the turn ended as it should. */
  readonly ok: boolean;
  readonly error?: unknown;
  readonly durationMs: number;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number; readonly costUsd?: number };
  /** The engine's final text. */
  readonly reply?: string;
}

/** Looks on. What it throws is dropped: an observer must not break what it observes. */
export interface AgentTelemetry {
  onAgentConstructed?(info: AgentConstructedInfo): unknown;
  /** What it returns comes back as `context` of the chat's end. */
  onChatStart?(info: ChatStartInfo): unknown;
  onChatEnd?(info: ChatEndInfo): unknown;
  onClose?(): unknown;
}

/** Calls a hook; whatever goes wrong in it, now or later, is its own affair. */
export function quietly<T>(hook: () => T): T | undefined {
  try {
    const returned = hook();
    if (returned instanceof Promise) returned.catch(() => undefined);
    return returned;
  } catch {
    return undefined;
  }
}

/** Tells of a chat's beginning, and of its end when it comes. */
export function observeChat(telemetry: AgentTelemetry, handle: ChatHandle, message: ChatInput): void {
  const startedAt = performance.now();
  const sessionIdPromise = handle.sessionId();
  const context = quietly(() => telemetry.onChatStart?.({ sessionIdPromise, message }));
  const tell = (outcome: Omit<ChatEndInfo, 'context' | 'durationMs'>): void =>
    void quietly(() =>
      telemetry.onChatEnd?.({ context, durationMs: performance.now() - startedAt, ...outcome }),
    );
  // At its reader's pace: an observer must not hurry what it observes.
  handle.outcome().then(
    ({ sessionId, ended, usage, messages }) => {
      const { inputTokens, outputTokens, costUsd } = usage;
      const reply = replyIn(messages);
      tell({
        sessionId,
        ok: ended.reason === 'complete',
        ...(ended.errorMessage === undefined ? {} : { error: new Error(ended.errorMessage) }),
        usage: { inputTokens, outputTokens, ...(costUsd === undefined ? {} : { costUsd }) },
        ...(reply === undefined ? {} : { reply }),
      });
    },
    async (error: unknown) => {
      const sessionId = await sessionIdPromise.catch(() => undefined);
      tell({ sessionId, ok: false, error });
    },
  );
}

function replyIn(messages: readonly unknown[]): string | undefined {
  const last = messages.at(-1) as { result?: unknown } | null | undefined;
  return typeof last?.result === 'string' ? last.result : undefined;
}
