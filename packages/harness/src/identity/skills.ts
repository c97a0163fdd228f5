import { messageOf } from '../errors.ts';
import { openFile } from '../fs/read.ts';
import { listTree } from '../fs/tree.ts';
import { writeText } from '../fs/write.ts';
import type { AgentFiles } from './agent-files.ts';

/** Where an agent keeps its skills; of two with one name the later wins. */
const SOURCES = ['.github/skills', '.agents/skills', 'skills'] as const;
/** Where the engine looks for them. */
const TARGET = '.claude/skills';
const DEPTH = 8;

/** Puts the agent's skills where the engine finds them. Returns their names. */
export async function copySkills(files: AgentFiles): Promise<string[]> {
  const names = new Set<string>();
  for (const source of SOURCES) {
    for (const name of (await files.list(source)).folders) {
      if (!(await files.isFile(`${source}/${name}/SKILL.md`))) {
        files.warn(`${source}/${name}`, 'there is no SKILL.md');
        continue;
      }
      await copyFiles(files, `${source}/${name}`, `${TARGET}/${name}`);
      names.add(name);
    }
  }
  return [...names];
}

/** Through the jail on both sides: neither the source nor the target may be a way out. */
async function copyFiles(files: AgentFiles, from: string, to: string): Promise<void> {
  const { entries, truncated } = await listTree(files.workdir, from, DEPTH);
  if (truncated) files.warn(from, 'too many files, some were not copied');
  for (const { path, type, mode } of entries) {
    if (type === 'dir') continue;
    try {
      await copyFile(files.workdir, `${from}/${path}`, `${to}/${path}`, mode & 0o777);
    } catch (error) {
      files.warn(`${from}/${path}`, messageOf(error));
    }
  }
}

async function copyFile(workdir: string, from: string, to: string, mode: number): Promise<void> {
  const { handle } = await openFile(workdir, from);
  await using _closed = handle;
  await writeText(workdir, to, await handle.readFile(), mode);
}
