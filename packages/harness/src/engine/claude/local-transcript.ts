import { readdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** Where the engine's program keeps its files. */
export function configFolder(env: Env): string {
  return env['CLAUDE_CONFIG_DIR'] ?? join(env['HOME'] ?? homedir(), '.claude');
}

/**
 * What the SDK, in this process, has to be told where the program's files are: it takes them to be where its own would
 * be, and leaves out of the store what is written elsewhere. Nothing where both have the same home.
 */
export function explicitConfigFolder(env: Env): Record<string, string> {
  const folder = configFolder(env);
  return folder === configFolder(process.env) ? {} : { CLAUDE_CONFIG_DIR: folder };
}

/** Removes what the program wrote down of a conversation, whatever folder it was in. */
export async function removeLocalTranscript(config: string, id: string): Promise<void> {
  const projects = join(config, 'projects');
  const names = await readdir(projects).catch(() => []);
  const paths = names.flatMap((name) => [join(projects, name, `${id}.jsonl`), join(projects, name, id)]);
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
}
