import * as z from 'zod';
import { messageOf } from '../errors.ts';
import { type AgentFiles, parseYaml } from './agent-files.ts';
import { modelOf } from './model.ts';

/** A sub-agent, as the engine takes it. */
export interface SubAgent {
  readonly description: string;
  readonly prompt: string;
  readonly model?: string;
  readonly tools?: readonly string[];
  readonly disallowedTools?: readonly string[];
}

const names = z.array(z.string());
const definition = z.looseObject({
  name: z.string().optional(),
  description: z.string().optional(),
  prompt: z.string().optional(),
  model: z.union([z.string(), z.looseObject({ preferred: z.string().optional() })]).optional(),
  tools: names.optional(),
  disallowed_tools: names.optional(),
});

const FRONT_MATTER = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

/** Reads `agents/`: folders with a SOUL.md, YAML files, and Markdown files with front matter. */
export async function readAgents(files: AgentFiles): Promise<Record<string, SubAgent>> {
  const agents: Record<string, SubAgent> = {};
  const { folders, files: single } = await files.list('agents');
  for (const path of [...folders, ...single.filter((name) => /\.(?:ya?ml|md)$/.test(name))]) {
    try {
      const found = await readAgent(files, `agents/${path}`);
      if (found) agents[found.name ?? path.replace(/\.\w+$/, '')] = found.agent;
    } catch (error) {
      files.warn(`agents/${path}`, messageOf(error));
    }
  }
  return agents;
}

interface Found {
  readonly name?: string | undefined;
  readonly agent: SubAgent;
}

async function readAgent(files: AgentFiles, path: string): Promise<Found | undefined> {
  if (path.endsWith('.md')) return readMarkdown(files, path);
  if (/\.ya?ml$/.test(path)) {
    return agentOf(files, path, await files.yaml(path), undefined);
  }
  const soul = await files.text(`${path}/SOUL.md`);
  if (soul === undefined) return files.warn(path, 'there is no SOUL.md');
  const found = agentOf(files, path, (await files.yaml(`${path}/agent.yaml`)) ?? {}, soul);
  // The folder's name is the agent's: other files call it by that.
  return found && { agent: found.agent };
}

async function readMarkdown(files: AgentFiles, path: string): Promise<Found | undefined> {
  const text = (await files.text(path)) ?? '';
  const [all, head] = FRONT_MATTER.exec(text) ?? [];
  // A README is no agent.
  if (all === undefined || head === undefined) return files.warn(path, 'there is no front matter');
  return agentOf(files, path, await parseYaml(path, head), text.slice(all.length));
}

function agentOf(
  files: AgentFiles,
  path: string,
  value: unknown,
  body: string | undefined,
): Found | undefined {
  const result = definition.safeParse(value);
  if (!result.success) return files.warn(path, z.prettifyError(result.error).replaceAll('\n', ' '));
  const { name, description, prompt, model, tools, disallowed_tools: disallowedTools } = result.data;
  const words = (body ?? prompt)?.trim();
  if (!words) return files.warn(path, 'the agent has no prompt');
  if (description === undefined && body === undefined)
    return files.warn(path, 'the agent has no description');
  const wanted = typeof model === 'string' ? model : model?.preferred;
  const known = modelOf(wanted);
  if (wanted !== undefined && known === undefined)
    files.warn(path, `the model ${wanted} is not of this engine`);
  const agent = {
    description: description ?? path.slice('agents/'.length),
    prompt: words,
    ...(known === undefined ? {} : { model: known }),
    ...(tools ? { tools } : {}),
    ...(disallowedTools ? { disallowedTools } : {}),
  };
  return { name, agent };
}
