import { HarnessError } from '../errors.ts';
import { AgentFiles } from './agent-files.ts';
import { readAgents } from './agents.ts';
import { readHooks } from './hooks.ts';
import type { IdentityLoader, LoadedIdentity } from './loader.ts';
import { humanInTheLoopOf, loadYaml, type Manifest, parseManifest } from './manifest.ts';
import { materialize } from './materialize.ts';
import { modelOf } from './model.ts';
import { PROMPT_FILES, systemPromptAppend } from './prompt.ts';
import { copySkills } from './skills.ts';
import { type AgentTools, readTools } from './tools.ts';
import { warnOfUnread } from './unread.ts';

const CLONE_TIMEOUT_MS = 240_000;

/** Loads agents that are kept as files: agent.yaml and what is beside it, in either form of the protocol. */
export function gitAgentProtocolLoader({ cloneTimeoutMs = CLONE_TIMEOUT_MS } = {}): IdentityLoader {
  return {
    name: 'gitagentprotocol',
    preload: async () => void (await loadYaml()),
    async load(source, workdir, signal, env = {}) {
      const { sha, warnings } = await materialize(source, workdir, { signal, env }, { cloneTimeoutMs });
      const files = new AgentFiles(workdir);
      const identity = await readIdentity(files);
      return {
        ...identity,
        ...(sha === undefined ? {} : { sha }),
        warnings: [...warnings, ...files.warnings],
      };
    },
  };
}

async function readIdentity(files: AgentFiles): Promise<Omit<LoadedIdentity, 'warnings'>> {
  const yaml = await files.text('agent.yaml');
  if (yaml === undefined) throw new HarnessError('VALIDATION', 400, 'the source has no agent.yaml');
  const manifest = await parseManifest(yaml);
  const append = systemPromptAppend(manifest, await promptTexts(files));
  const tools = await readTools(files);
  const hooks = await readHooks(files);
  const agents = await readAgents(files);
  const skills = await copySkills(files);
  await warnOfUnread(files, manifest, { skills, tools });
  return {
    name: manifest.name,
    version: manifest.version,
    options: {
      systemPrompt: { type: 'preset', preset: 'claude_code', append },
      ...modelOptions(files, manifest),
      ...toolOptions(tools),
      ...(Object.keys(agents).length > 0 ? { agents } : {}),
    },
    humanInTheLoop: humanInTheLoopOf(manifest),
    parts: { tools: tools.scripts, hooks },
  };
}

async function promptTexts(files: AgentFiles): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const { file } of PROMPT_FILES) {
    const content = await files.text(file);
    if (content !== undefined) texts[file] = content;
  }
  return texts;
}

function modelOptions(files: AgentFiles, { model, runtime }: Manifest): Record<string, unknown> {
  const [preferred, ...fallback] = [model?.preferred, ...(model?.fallback ?? [])].map((name) => {
    const known = modelOf(name);
    if (name && known === undefined) files.warn('agent.yaml', `the model ${name} is not of this engine`);
    return known;
  });
  const others = fallback.filter((name) => name !== undefined && name !== preferred);
  return {
    ...(preferred === undefined ? {} : { model: preferred }),
    ...(others.length === 0 ? {} : { fallbackModel: others.join(',') }),
    ...(runtime?.max_turns === undefined ? {} : { maxTurns: runtime.max_turns }),
    ...(runtime?.budget_usd === undefined ? {} : { maxBudgetUsd: runtime.budget_usd }),
  };
}

function toolOptions({ builtins, mcpServers }: AgentTools): Record<string, unknown> {
  const servers = Object.keys(mcpServers);
  return {
    ...(builtins.length === 0 ? {} : { allowedTools: builtins }),
    ...(servers.length === 0 ? {} : { mcpServers }),
  };
}
