import type { HarnessEvent } from '@computeragent/protocol';
import { HarnessProtocolError } from './errors.ts';
import type { OpenSession } from './session.ts';
import { abortable } from './wait.ts';

type PermissionRequest = Extract<HarnessEvent, { kind: 'ca_permission_request' }>;

/** What `onToolCall` is asked about. */
export interface ToolCallContext {
  readonly callId: string;
  readonly toolName: string;
  readonly input: unknown;
  readonly risk?: PermissionRequest['risk'];
}

/** An answer to a permission request. */
export type PermissionDecision =
  | { readonly decision: 'allow'; readonly input?: unknown }
  | { readonly decision: 'deny'; readonly reason?: string }
  | { readonly decision: 'modify'; readonly input: unknown };

/** Decides a permission request. */
export type Decide = (context: ToolCallContext) => PermissionDecision | Promise<PermissionDecision>;

/** Asks, and tells the harness. Whatever is thrown here leaves the request open: the caller must end the session. */
export async function answer(
  session: OpenSession,
  request: PermissionRequest,
  chat: { readonly decide: Decide; readonly signal: AbortSignal },
): Promise<void> {
  const { callId, toolName, input, risk } = request;
  const context = { callId, toolName, input, ...(risk === undefined ? {} : { risk }) };
  const decided = (async () => chat.decide(context))();
  const decision = await abortable(decided, chat.signal);
  try {
    await session.client.permission(session.id, callId, decision, chat.signal);
  } catch (error) {
    // Somebody else has answered, or it was given up: the engine waits no more.
    if (!(error instanceof HarnessProtocolError && error.code === 'UNKNOWN_CALL_ID')) throw error;
  }
}
