import type { PreToolUseHookInput, SyncHookJSONOutput } from '@anthropic-ai/claude-agent-sdk';
import type { EngineRun, PermissionAnswer } from '../engine.ts';
import { blocked } from './hook-output.ts';
import { riskOf } from './risk.ts';
import { engineToolName } from './tool-names.ts';

/**
 * Asks a person, where the identity wants one, before the engine looks at any rule, mode, settings file or hook of a
 * settings file: none of them can answer in the person's place.
 */
export class Supervision {
  readonly #run: EngineRun;
  readonly #confirmed: ReadonlySet<string>;
  /** What a person agreed to, by call: the engine may come back with the same question. */
  readonly #agreed = new Map<string, PermissionAnswer>();

  constructor(run: EngineRun) {
    this.#run = run;
    const confirmed = (run.identity?.tools ?? []).filter(({ needsConfirmation }) => needsConfirmation);
    this.#confirmed = new Set(confirmed.map(({ name }) => engineToolName(name)));
  }

  /** Whether a person has to decide over a call. */
  concerns(toolName: string, input: unknown): boolean {
    const { humanInTheLoop } = this.#run;
    if (humanInTheLoop === 'always' || this.#confirmed.has(toolName)) return true;
    if (humanInTheLoop === 'none') return false;
    const risk = riskOf(toolName, input);
    return risk === 'high' || risk === 'destructive';
  }

  /** The person's answer to a call, as a hook gives it. */
  async decide({ tool_name: toolName, tool_input: input, tool_use_id: callId }: PreToolUseHookInput) {
    const answer = await this.#run.askPermission({ callId, toolName, input, risk: riskOf(toolName, input) });
    if (answer.behavior === 'deny') return denied(answer);
    this.#agreed.set(callId, answer);
    return allowed(answer.updatedInput);
  }

  /** What was agreed to, once. */
  agreed(callId: string): PermissionAnswer | undefined {
    const answer = this.#agreed.get(callId);
    this.#agreed.delete(callId);
    return answer;
  }
}

function allowed(updatedInput: unknown): SyncHookJSONOutput {
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: 'allow',
      permissionDecisionReason: 'a person agreed',
      updatedInput: updatedInput as Record<string, unknown>,
    },
  };
}

function denied({ message, interrupt }: Extract<PermissionAnswer, { behavior: 'deny' }>): SyncHookJSONOutput {
  return {
    ...blocked('PreToolUse', message),
    ...(interrupt ? { continue: false, stopReason: message } : {}),
  };
}
