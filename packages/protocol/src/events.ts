import * as z from 'zod';
import { identityMetadata } from './identity.ts';
import { userMessage } from './requests.ts';

/** What an engine can do. */
export const capabilities = z.object({
  streamingInput: z.boolean(),
  partialMessages: z.boolean(),
  permissionCallback: z.boolean(),
  sessions: z.boolean(),
  budget: z.boolean(),
});
/** What an engine can do. */
export type Capabilities = z.infer<typeof capabilities>;

const sessionId = z.string();
const count = z.int().nonnegative().optional();

const sessionStarted = z.object({
  kind: z.literal('ca_session_started'),
  sessionId,
  engine: z.string(),
  identity: identityMetadata,
  capabilities,
});

const turnStarted = z.object({
  kind: z.literal('ca_turn_started'),
  sessionId,
  turnIndex: z.int().nonnegative(),
  message: userMessage.optional(),
});

const sdkMessage = z.object({ kind: z.literal('sdk_message'), sessionId, payload: z.unknown() });

const permissionRequest = z.object({
  kind: z.literal('ca_permission_request'),
  sessionId,
  callId: z.string(),
  toolName: z.string(),
  input: z.unknown(),
  risk: z.enum(['low', 'medium', 'high', 'destructive']).optional(),
  /** The agent's identity wants a person to decide this: a client must not allow it by itself. */
  requiresHuman: z.boolean().optional(),
});

const permissionDecision = z.object({
  kind: z.literal('ca_permission_decision'),
  sessionId,
  callId: z.string(),
  decision: z.enum(['allow', 'deny', 'modify']),
  reason: z.string().optional(),
});

const usageSnapshot = z.object({
  kind: z.literal('ca_usage_snapshot'),
  sessionId,
  inputTokens: count,
  outputTokens: count,
  cacheCreationInputTokens: count,
  cacheReadInputTokens: count,
  costUsd: z.number().nonnegative().optional(),
  costSemantic: z.enum(['cumulative', 'delta']).optional(),
});

const sessionEnded = z.object({
  kind: z.literal('ca_session_ended'),
  sessionId,
  reason: z.enum(['complete', 'cancelled', 'error', 'budget_exceeded']),
  errorMessage: z.string().optional(),
});

/**
 * Events that are no longer kept, in their place: their ids are `from` to `to`, and the frame's own id is `to`. Only
 * messages of the engine are ever missing, and none that ends a turn. Not part of the session's log: each reader is told
 * of what it missed itself.
 */
const eventsDropped = z.object({
  kind: z.literal('ca_events_dropped'),
  sessionId,
  from: z.int().nonnegative(),
  to: z.int().nonnegative(),
});

/** One event of a session's stream, told apart by `kind`. A client ignores kinds that it does not know. */
export const harnessEvent = z.discriminatedUnion('kind', [
  sessionStarted,
  turnStarted,
  sdkMessage,
  permissionRequest,
  permissionDecision,
  usageSnapshot,
  sessionEnded,
  eventsDropped,
]);
/** One event of a session's stream, told apart by `kind`. */
export type HarnessEvent = z.infer<typeof harnessEvent>;

/** True for an engine's message that ends a turn: a `result`, or what stands for one. */
export function endsTurn(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null) return false;
  const { type, subtype } = payload as { readonly type?: unknown; readonly subtype?: unknown };
  return type === 'result' || (type === 'system' && subtype === 'session_end');
}
