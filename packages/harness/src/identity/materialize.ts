import { cp, lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { IdentitySource } from '@computeragent/protocol';
import { HarnessError } from '../errors.ts';
import { locate } from '../fs/locate.ts';
import { writeText } from '../fs/write.ts';
import { kernelRandom } from '../random.ts';
import { gitClone } from './git.ts';
import type { LoadContext } from './loader.ts';
import { loadYaml } from './manifest.ts';

/** What was put into a working directory. */
export interface Materialized {
  /** Commit of a git source. */
  readonly sha?: string;
  /** What was left out, in words. */
  readonly warnings: readonly string[];
}

/** How long what may be slow may take. */
export interface MaterializeLimits {
  readonly cloneTimeoutMs: number;
}

/** Puts the source's files into the working directory: agent.yaml at its top, wherever it was. */
export async function materialize(
  source: IdentitySource,
  workdir: string,
  context: LoadContext,
  { cloneTimeoutMs }: MaterializeLimits,
): Promise<Materialized> {
  switch (source.type) {
    case 'git':
      return { sha: await cloneInto(workdir, source, context, cloneTimeoutMs), warnings: [] };
    case 'local':
      return { warnings: await copyFolder(source.path, workdir) };
    case 'inline':
      await writeInline(source, workdir);
      return { warnings: [] };
  }
}

type GitSource = Extract<IdentitySource, { type: 'git' }>;

/**
 * Clones beside, then moves what is wanted in: of a `subdir` its files alone, so that the agent's folder is the
 * working directory, as it is without one. What an earlier session left under other names stays.
 */
async function cloneInto(
  workdir: string,
  { url, ref, subdir }: GitSource,
  { signal, env }: LoadContext,
  timeoutMs: number,
): Promise<string> {
  const clone = join(workdir, `.clone-${kernelRandom(6).toString('hex')}`);
  await mkdir(clone);
  try {
    const sha = await gitClone(clone, { url, ref, env, timeoutMs, signal });
    await moveContents(await folderIn(clone, subdir), workdir);
    return sha;
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
}

async function folderIn(clone: string, subdir: string | undefined): Promise<string> {
  if (subdir === undefined || subdir === '') return clone;
  await using place = await locate(clone, subdir, { follow: true });
  await using folder = await place.folder.child(place.name).catch((cause: unknown) => {
    throw new HarnessError('VALIDATION', 400, `the repository has no folder ${subdir}`, { cause });
  });
  return folder?.path ?? clone;
}

async function moveContents(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    await rm(join(to, name), { recursive: true, force: true });
    await rename(join(from, name), join(to, name));
  }
}

/** Links are copied as they are: whoever reads through one is held back by the jail. */
async function copyFolder(from: string, workdir: string): Promise<string[]> {
  const stats = await stat(from).catch((cause: unknown) => {
    throw new HarnessError('VALIDATION', 400, `no folder ${from} where the harness runs`, { cause });
  });
  if (!stats.isDirectory()) throw new HarnessError('VALIDATION', 400, `${from} is not a folder`);
  const warnings: string[] = [];
  const filter = async (path: string): Promise<boolean> => {
    const found = await lstat(path);
    if (found.isFile() || found.isDirectory() || found.isSymbolicLink()) return true;
    warnings.push(`${path.slice(from.length + 1)} is neither a file nor a folder and was not copied`);
    return false;
  };
  await cp(from, workdir, { recursive: true, verbatimSymlinks: true, filter }).catch((cause: unknown) => {
    throw new HarnessError('VALIDATION', 400, `${from} could not be copied`, { cause });
  });
  return warnings;
}

type InlineSource = Extract<IdentitySource, { type: 'inline' }>;

async function writeInline({ manifest, files = {} }: InlineSource, workdir: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) await writeText(workdir, path, text);
  if ('agent.yaml' in files) return;
  const { stringify } = await loadYaml();
  await writeText(workdir, 'agent.yaml', stringify(manifest));
}
