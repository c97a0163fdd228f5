import type { SyncHookJSONOutput } from '@anthropic-ai/claude-agent-sdk';

/** Events that can hold the agent back: where their hook fails, the answer is no. */
const GUARDS = new Set(['PreToolUse', 'UserPromptSubmit', 'PermissionRequest']);

/** True when a hook of this event can hold the agent back. */
export function isGuard(event: string): boolean {
  return GUARDS.has(event);
}

/** The answer "no" to an event, as the engine takes it. */
export function blocked(event: string, reason: string): SyncHookJSONOutput {
  if (event === 'PreToolUse') {
    const decision = { permissionDecision: 'deny', permissionDecisionReason: reason } as const;
    return { hookSpecificOutput: { hookEventName: event, ...decision } };
  }
  if (event === 'PermissionRequest') {
    return { hookSpecificOutput: { hookEventName: event, decision: { behavior: 'deny', message: reason } } };
  }
  return { decision: 'block', reason };
}

/** What a hook that failed answers: a guard says no, any other is only reported. */
export function failed(event: string, reason: string): SyncHookJSONOutput {
  return isGuard(event) ? blocked(event, reason) : { systemMessage: reason };
}
