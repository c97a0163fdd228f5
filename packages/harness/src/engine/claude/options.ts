import type { CanUseTool, HookCallback, Options } from '@anthropic-ai/claude-agent-sdk';
import type { HumanInTheLoop } from '../../identity/loader.ts';
import type { EngineRun } from '../engine.ts';
import { claudeEnv } from './env.ts';
import { riskOf } from './risk.ts';

/** The SDK's options for a run. What keeps the session in its place is set last: the caller cannot undo it. */
export function claudeOptions(run: EngineRun): Options {
  // The SDK has no temperature; an agent.yaml may well name one.
  const { temperature: _, ...given } = run.options;
  const wanted = run.humanInTheLoop === 'none' ? given : withoutLoosening(given);
  return {
    ...wanted,
    ...permissionOptions(wanted, run.humanInTheLoop),
    cwd: run.cwd,
    env: claudeEnv(process.env, run.env),
    includePartialMessages: true,
    canUseTool: askClient(run),
  };
}

/** The mode is always said: left out, settings in a cloned repository would choose it. */
function permissionOptions(wanted: Options, supervision: HumanInTheLoop): Partial<Options> {
  if (supervision !== 'none') return supervised(wanted, supervision);
  const permissionMode = wanted.permissionMode ?? 'default';
  return { permissionMode, allowDangerouslySkipPermissions: permissionMode === 'bypassPermissions' };
}

/** Options of the caller by which a supervised agent could be let off: other rules, or another program. */
const LOOSENING = [
  'allowedTools',
  'settings',
  'managedSettings',
  'extraArgs',
  'permissionPromptToolName',
  'pathToClaudeCodeExecutable',
  'executable',
  'executableArgs',
] as const;

/**
 * A supervised agent's caller cannot lower the guard, nor can settings that the agent finds or writes: a hook sends
 * each call to the client before any rule is read.
 */
function supervised(wanted: Options, supervision: HumanInTheLoop): Partial<Options> {
  return {
    permissionMode: wanted.permissionMode === 'plan' ? 'plan' : 'default',
    allowDangerouslySkipPermissions: false,
    hooks: {
      ...wanted.hooks,
      PreToolUse: [...(wanted.hooks?.PreToolUse ?? []), { hooks: [askFirst(supervision)] }],
    },
  };
}

function withoutLoosening(given: Options): Options {
  const kept = { ...given };
  for (const name of LOOSENING) delete kept[name];
  return kept;
}

function askFirst(supervision: HumanInTheLoop): HookCallback {
  return async (input) => {
    if (input.hook_event_name !== 'PreToolUse') return {};
    const risk = riskOf(input.tool_name, input.tool_input);
    if (supervision === 'destructive' && (risk === 'low' || risk === 'medium')) return {};
    return {
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'ask',
        permissionDecisionReason: 'the agent is supervised',
      },
    };
  };
}

function askClient(run: EngineRun): CanUseTool {
  return async (toolName, input, { toolUseID }) => {
    const risk = riskOf(toolName, input);
    const answer = await run.askPermission({ callId: toolUseID, toolName, input, risk });
    if (answer.behavior === 'deny') return answer;
    return {
      behavior: 'allow',
      updatedInput: answer.updatedInput as Record<string, unknown>,
      updatedPermissions: [],
    };
  };
}
