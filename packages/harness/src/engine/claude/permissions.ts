import type { AgentDefinition, CanUseTool, Options } from '@anthropic-ai/claude-agent-sdk';
import type { HumanInTheLoop } from '../../identity/loader.ts';
import { kernelRandom } from '../../random.ts';
import type { EngineRun } from '../engine.ts';
import { riskOf } from './risk.ts';
import type { Supervision } from './supervision.ts';

/** The mode is always said: left out, settings in a cloned repository would choose it. */
export function permissionOptions(wanted: Options, supervision: HumanInTheLoop): Partial<Options> {
  if (supervision !== 'none') {
    const permissionMode = wanted.permissionMode === 'plan' ? 'plan' : 'default';
    return { permissionMode, allowDangerouslySkipPermissions: false };
  }
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
  'permissionPrompts',
  'pathToClaudeCodeExecutable',
  'executable',
  'executableArgs',
  'toolAliases',
] as const;

/** The options without those that a supervised agent's caller has no say in. */
export function withoutLoosening(given: Options): Options {
  const kept = { ...given };
  for (const name of LOOSENING) delete kept[name];
  if (kept.agents) kept.agents = Object.fromEntries(Object.entries(kept.agents).map(withoutMode));
  return kept;
}

function withoutMode([name, agent]: [string, AgentDefinition]): [string, AgentDefinition] {
  const kept = { ...agent };
  delete kept.permissionMode;
  return [name, kept];
}

/** Asks the client about a call that the engine's rules do not decide. */
export function askClient(run: EngineRun, supervision: Supervision): CanUseTool {
  return async (toolName, input, { toolUseID }) => {
    const callId = toolUseID || `call_${kernelRandom(4).toString('hex')}`;
    const risk = riskOf(toolName, input);
    const answer = supervision.agreed(callId) ?? (await run.askPermission({ callId, toolName, input, risk }));
    if (answer.behavior === 'deny') return answer;
    return {
      behavior: 'allow',
      updatedInput: answer.updatedInput as Record<string, unknown>,
      updatedPermissions: [],
    };
  };
}
