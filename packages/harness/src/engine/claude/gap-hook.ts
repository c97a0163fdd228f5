import type { HookInput, SyncHookJSONOutput } from '@anthropic-ai/claude-agent-sdk';
import * as z from 'zod';
import type { AgentHook } from '../../identity/parts.ts';
import type { EngineRun } from '../engine.ts';
import { blocked, failed } from './hook-output.ts';
import { plainToolName } from './tool-names.ts';

/** What a hook of the published form reads. */
export function gapInput(hook: AgentHook, input: HookInput, run: EngineRun): unknown {
  return {
    event: hook.declared,
    timestamp: new Date().toISOString(),
    data: dataOf(input),
    session: { id: run.sessionId, agent: run.identity?.name, model_version: run.options['model'] },
  };
}

function dataOf(input: HookInput): unknown {
  if (input.hook_event_name === 'Stop') return { response: input.last_assistant_message };
  if (input.hook_event_name !== 'PreToolUse' && input.hook_event_name !== 'PostToolUse') return input;
  const call = { tool_name: plainToolName(input.tool_name), arguments: input.tool_input };
  return input.hook_event_name === 'PreToolUse' ? call : { ...call, result: input.tool_response };
}

const answer = z.looseObject({
  action: z.enum(['allow', 'block', 'modify']),
  modifications: z.record(z.string(), z.unknown()).nullish(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
});

/** Translates the answer of a hook of the published form. `allow` is no opinion: it lifts no other guard. */
export function gapOutput(hook: AgentHook, input: HookInput, value: unknown): SyncHookJSONOutput {
  const result = answer.safeParse(value);
  if (!result.success) return failed(hook.event, `the hook ${hook.declared} gave no action`);
  const { action, modifications, reason, message } = result.data;
  if (action === 'allow') return {};
  if (action === 'block') {
    // Blocked again and again, a turn would never end.
    if (input.hook_event_name === 'Stop' && input.stop_hook_active) return {};
    return blocked(hook.event, reason ?? message ?? `blocked by the hook ${hook.declared}`);
  }
  return modified(hook, input, modifications ?? {});
}

function modified(
  hook: AgentHook,
  input: HookInput,
  changes: Readonly<Record<string, unknown>>,
): SyncHookJSONOutput {
  if (input.hook_event_name === 'PreToolUse') {
    const updatedInput = { ...asObject(input.tool_input), ...asObject(changes['arguments'] ?? changes) };
    return { hookSpecificOutput: { hookEventName: 'PreToolUse', updatedInput } };
  }
  if (input.hook_event_name === 'PostToolUse' && 'result' in changes) {
    return { hookSpecificOutput: { hookEventName: 'PostToolUse', updatedToolOutput: changes['result'] } };
  }
  return failed(hook.event, `the hook ${hook.declared} cannot modify a ${hook.event}`);
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
