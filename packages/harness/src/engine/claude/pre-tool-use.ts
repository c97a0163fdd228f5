import type {
  HookCallback,
  HookPermissionDecision,
  PreToolUseHookInput,
  PreToolUseHookSpecificOutput,
  SyncHookJSONOutput,
} from '@anthropic-ai/claude-agent-sdk';
import type { AgentHook } from '../../identity/parts.ts';
import type { EngineRun } from '../engine.ts';
import { runHook } from './run-hook.ts';
import type { Supervision } from './supervision.ts';
import { isAbout } from './tool-names.ts';

/**
 * What happens before a tool is used: first the identity's own hooks, one after the other, each with what the one before
 * made of the call; then, where a person has to decide, that person, who sees the call as it will be made.
 */
export function preToolUse(
  run: EngineRun,
  hooks: readonly AgentHook[],
  supervision: Supervision,
): HookCallback {
  return async (input, _id, { signal }) => {
    if (input.hook_event_name !== 'PreToolUse') return {};
    const opinion = new Opinion(input);
    for (const hook of hooks.filter(({ matcher }) => isAbout(matcher, input.tool_name))) {
      opinion.add(await runHook(run, hook, opinion.call, signal));
      if (opinion.isNo) return opinion.output();
    }
    if (!supervision.concerns(input.tool_name, opinion.call.tool_input)) return opinion.output();
    opinion.add(await supervision.decide(opinion.call));
    return opinion.output();
  };
}

/** From weak to strong: of two opinions the stronger one holds. */
const STRENGTH: readonly HookPermissionDecision[] = ['allow', 'ask', 'defer', 'deny'];

/** What several hooks say together. */
class Opinion {
  /** The call, as it is by now. */
  call: PreToolUseHookInput;
  #decision: HookPermissionDecision | undefined;
  #output: SyncHookJSONOutput = {};
  #specific: Omit<PreToolUseHookSpecificOutput, 'hookEventName'> = {};

  constructor(call: PreToolUseHookInput) {
    this.call = call;
  }

  get isNo(): boolean {
    return this.#decision === 'deny' || this.#output.continue === false;
  }

  add({ hookSpecificOutput, decision: old, ...rest }: SyncHookJSONOutput): void {
    const said = hookSpecificOutput?.hookEventName === 'PreToolUse' ? hookSpecificOutput : undefined;
    const decision = said?.permissionDecision ?? OLD_WORDS[old ?? ''];
    if (decision !== undefined && (this.#decision === undefined || isStronger(decision, this.#decision))) {
      this.#decision = decision;
      this.#specific.permissionDecision = decision;
      this.#specific.permissionDecisionReason = said?.permissionDecisionReason ?? rest.reason ?? '';
    }
    if (said?.updatedInput) {
      this.call = { ...this.call, tool_input: said.updatedInput };
      this.#specific.updatedInput = said.updatedInput;
    }
    const context = [this.#specific.additionalContext, said?.additionalContext].filter(Boolean);
    if (context.length > 0) this.#specific.additionalContext = context.join('\n');
    this.#output = { ...this.#output, ...rest };
  }

  output(): SyncHookJSONOutput {
    if (Object.keys(this.#specific).length === 0) return this.#output;
    return { ...this.#output, hookSpecificOutput: { hookEventName: 'PreToolUse', ...this.#specific } };
  }
}

/** What hooks said before there was a decision for each event. */
const OLD_WORDS: Readonly<Record<string, HookPermissionDecision | undefined>> = {
  approve: 'allow',
  block: 'deny',
};

function isStronger(one: HookPermissionDecision, other: HookPermissionDecision): boolean {
  return STRENGTH.indexOf(one) > STRENGTH.indexOf(other);
}
