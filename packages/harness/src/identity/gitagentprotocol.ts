import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError, systemCode } from '../errors.ts';
import { readText } from '../fs/read.ts';
import type { IdentityLoader, LoadedIdentity } from './loader.ts';
import { humanInTheLoopOf, loadYaml, type Manifest, parseManifest } from './manifest.ts';
import { materialize } from './materialize.ts';
import { PROMPT_FILES, systemPromptAppend } from './prompt.ts';

const CLONE_TIMEOUT_MS = 240_000;
/** Parts of an agent that this loader does not read yet: said aloud, because a guard hook that is skipped guards nothing. */
const UNREAD_FOLDERS = ['tools', 'agents', 'hooks', 'skills'];

/** Loads agents that are kept as files: agent.yaml with SOUL.md, RULES.md and AGENTS.md. */
export function gitAgentProtocolLoader({ cloneTimeoutMs = CLONE_TIMEOUT_MS } = {}): IdentityLoader {
  return {
    name: 'gitagentprotocol',
    preload: async () => void (await loadYaml()),
    async load(source, workdir, signal) {
      const { directory, sha } = await materialize(source, workdir, { cloneTimeoutMs, signal });
      return { ...(await readIdentity(directory)), ...(sha === undefined ? {} : { sha }) };
    },
  };
}

async function readIdentity(directory: string): Promise<LoadedIdentity> {
  const yaml = await readOptional(directory, 'agent.yaml');
  if (yaml === undefined) throw new HarnessError('VALIDATION', 400, 'the source has no agent.yaml');
  const manifest = await parseManifest(yaml);
  const texts: Record<string, string> = {};
  for (const { file } of PROMPT_FILES) {
    const content = await readOptional(directory, file);
    if (content !== undefined) texts[file] = content;
  }
  return {
    name: manifest.name,
    version: manifest.version,
    options: engineOptions(manifest, systemPromptAppend(manifest, texts)),
    humanInTheLoop: humanInTheLoopOf(manifest),
    warnings: await unread(directory),
  };
}

function engineOptions({ model, runtime }: Manifest, append: string): Record<string, unknown> {
  return {
    systemPrompt: { type: 'preset', preset: 'claude_code', append },
    ...(model?.preferred === undefined ? {} : { model: model.preferred }),
    ...(runtime?.max_turns === undefined ? {} : { maxTurns: runtime.max_turns }),
    ...(runtime?.budget_usd === undefined ? {} : { maxBudgetUsd: runtime.budget_usd }),
  };
}

/** Read through the jail: a cloned repository must not make a link to a secret part of the prompt. */
async function readOptional(directory: string, name: string): Promise<string | undefined> {
  try {
    return await readText(directory, name);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function unread(directory: string): Promise<string[]> {
  const warnings: string[] = [];
  for (const folder of UNREAD_FOLDERS) {
    const stats = await stat(join(directory, folder)).catch(() => undefined);
    if (stats?.isDirectory()) warnings.push(`${folder}/ is not read by this version`);
  }
  return warnings;
}
