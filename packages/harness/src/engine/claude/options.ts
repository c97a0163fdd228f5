import type { Options } from '@anthropic-ai/claude-agent-sdk';
import type { EngineRun } from '../engine.ts';
import { claudeEnv } from './env.ts';
import { claudeHooks } from './hooks.ts';
import { explicitConfigFolder } from './local-transcript.ts';
import { askClient, permissionOptions, withoutLoosening } from './permissions.ts';
import type { ClaudeSdk } from './sdk.ts';
import { Supervision } from './supervision.ts';
import { engineToolName, GAP_SERVER } from './tool-names.ts';
import { toolServer } from './tools.ts';

/** What a caller's JSON cannot say: functions and objects of this process, and what the store decides. */
const OURS = [
  'abortController',
  'canUseTool',
  'hooks',
  'onElicitation',
  'onUserDialog',
  'sessionStore',
  'spawnClaudeCodeProcess',
  'stderr',
  'supportedDialogKinds',
  // The SDK has no temperature; an agent.yaml may well name one.
  'temperature',
] as const;

/** Which conversation it is. */
const CONVERSATION = ['continue', 'forkSession', 'persistSession', 'resume', 'sessionId'] as const;

/** The SDK's options for a run. What keeps the session in its place is set last: the caller cannot undo it. */
export function claudeOptions(
  sdk: Pick<ClaudeSdk, 'createSdkMcpServer' | 'tool'>,
  run: EngineRun,
  transcript: Partial<Options> = {},
): Options {
  // A store decides which conversation this is; without one the caller may.
  const ours = transcript.sessionStore ? [...OURS, ...CONVERSATION] : OURS;
  const given = without(run.options, ours) as Options;
  const wanted = run.humanInTheLoop === 'none' ? given : withoutLoosening(given);
  const supervision = new Supervision(run);
  const env = claudeEnv(process.env, run.env);
  return {
    ...wanted,
    ...permissionOptions(wanted, run.humanInTheLoop),
    ...toolOptions(sdk, run, wanted),
    ...transcript,
    hooks: claudeHooks(run, supervision),
    cwd: run.cwd,
    env: { ...env, ...(transcript.sessionStore ? explicitConfigFolder(env) : {}) },
    includePartialMessages: true,
    // A server's headers may be secrets, and a command line can be read by others.
    mcpServersDelivery: 'initialize',
    canUseTool: askClient(run, supervision),
  };
}

/** The identity's tools need no permission of their own, unless somebody has to agree. */
function toolOptions(
  sdk: Pick<ClaudeSdk, 'createSdkMcpServer' | 'tool'>,
  run: EngineRun,
  wanted: Options,
): Partial<Options> {
  const server = toolServer(sdk, run);
  if (!server) return {};
  const free = (run.identity?.tools ?? []).filter(({ needsConfirmation }) => !needsConfirmation);
  const names = free.map(({ name }) => engineToolName(name));
  return {
    mcpServers: { ...wanted.mcpServers, [GAP_SERVER]: server },
    ...(run.humanInTheLoop === 'none' ? { allowedTools: [...(wanted.allowedTools ?? []), ...names] } : {}),
  };
}

function without(
  options: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
}
