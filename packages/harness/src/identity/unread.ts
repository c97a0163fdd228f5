import type { AgentFiles } from './agent-files.ts';
import type { Manifest } from './manifest.ts';
import type { AgentTools } from './tools.ts';

/** Parts of an agent that this loader has no use for. The agent itself finds them in its working directory. */
const FOLDERS = ['knowledge', 'memory', 'workflows', 'config', 'compliance'];
/** Keys of the manifest that would change what the agent is. */
const KEYS = ['extends', 'dependencies', 'delegation'];

/** Says what was not read or is not there, so that nobody takes it for being in force. */
export async function warnOfUnread(
  files: AgentFiles,
  manifest: Manifest,
  found: { readonly skills: readonly string[]; readonly tools: AgentTools },
): Promise<void> {
  const { folders } = await files.list('.');
  for (const folder of FOLDERS.filter((name) => folders.includes(name)))
    files.warn(`${folder}/`, 'is not loaded; the agent can read it as files');
  for (const key of KEYS.filter((name) => manifest[name] !== undefined))
    files.warn('agent.yaml', `${key} is not followed`);
  if (manifest.runtime?.['timeout'] !== undefined)
    files.warn('agent.yaml', 'runtime.timeout is not enforced');
  warnOfMissing(files, 'skill', manifest.skills, found.skills);
  const toolFiles = (await files.list('tools')).files.map((name) => name.replace(/\.\w+$/, ''));
  const tools = [...toolFiles, ...found.tools.scripts.map(({ name }) => name)];
  warnOfMissing(files, 'tool', manifest.tools, tools);
}

function warnOfMissing(
  files: AgentFiles,
  noun: string,
  wanted: readonly string[] | undefined,
  there: readonly string[],
): void {
  for (const name of wanted ?? [])
    if (!there.includes(name)) files.warn('agent.yaml', `there is no ${noun} ${name}`);
}
