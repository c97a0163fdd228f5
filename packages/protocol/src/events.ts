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

/** One event of a session's stream, told apart by `kind`. A client ignores kinds that it does not know. */
export const harnessEvent = z.discriminatedUnion('kind', [
  sessionStarted,
  turnStarted,
  sdkMessage,
  permissionRequest,
  permissionDecision,
  usageSnapshot,
  sessionEnded,
]);
/** One event of a session's stream, told apart by `kind`. */
export type HarnessEvent = z.infer<typeof harnessEvent>;
