import { HarnessError, messageOf, systemCode } from '../errors.ts';
import { readText } from '../fs/read.ts';
import { listTree } from '../fs/tree.ts';
import { loadYaml } from './manifest.ts';

/**
 * The files of an agent, read through the jail: a cloned repository must not make a link to a secret part of what it
 * is. Collects what is left out, in words.
 */
export class AgentFiles {
  readonly workdir: string;
  readonly warnings: string[] = [];

  constructor(workdir: string) {
    this.workdir = workdir;
  }

  /** Says that something was left out, which is why there is nothing. */
  warn(path: string, why: string): undefined {
    this.warnings.push(`${path}: ${why}`);
    return undefined;
  }

  /** A file's text; undefined when there is none. */
  async text(path: string): Promise<string | undefined> {
    return ifThere(readText(this.workdir, path));
  }

  /** A file's YAML; undefined when there is none. Rejects with what is wrong with it. */
  async yaml(path: string): Promise<unknown> {
    const text = await this.text(path);
    return text === undefined ? undefined : parseYaml(path, text);
  }

  /** Names of the files and folders in a folder, in order; none when there is no such folder. */
  async list(folder: string): Promise<{ readonly files: string[]; readonly folders: string[] }> {
    const entries = (await ifThere(listTree(this.workdir, folder, 0)))?.entries ?? [];
    const names = (type: string): string[] =>
      entries
        .filter((entry) => entry.type === type)
        .map(({ path }) => path)
        .toSorted();
    return { files: names('file'), folders: names('dir') };
  }

  /** True when a path is there and a file. */
  async isFile(path: string): Promise<boolean> {
    return (await this.text(path).catch(() => undefined)) !== undefined;
  }
}

/** Reads YAML. What is wrong with it is the author's to know, so the error names the file. */
export async function parseYaml(path: string, text: string): Promise<unknown> {
  const { parse } = await loadYaml();
  try {
    return parse(text);
  } catch (cause) {
    throw new HarnessError('VALIDATION', 400, `${path}: ${messageOf(cause)}`, { cause });
  }
}

async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
