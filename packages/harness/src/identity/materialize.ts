import { cp, stat } from 'node:fs/promises';
import type { IdentitySource } from '@computeragent/protocol';
import { HarnessError } from '../errors.ts';
import { writeText } from '../fs/write.ts';
import { locate } from '../fs/locate.ts';
import { gitClone } from './git.ts';
import { loadYaml } from './manifest.ts';

/** Where an identity was put. */
export interface Materialized {
  /** The folder that holds agent.yaml. */
  readonly directory: string;
  readonly sha?: string;
}

/** Puts the source's files into the working directory. */
export async function materialize(
  source: IdentitySource,
  workdir: string,
  { cloneTimeoutMs, signal }: { readonly cloneTimeoutMs: number; readonly signal: AbortSignal },
): Promise<Materialized> {
  switch (source.type) {
    case 'git': {
      const { url, ref, subdir } = source;
      const sha = await gitClone(workdir, { url, ref, timeoutMs: cloneTimeoutMs, signal });
      return { directory: await subdirectory(workdir, subdir), sha };
    }
    case 'local':
      await copyFolder(source.path, workdir);
      return { directory: workdir };
    case 'inline':
      await writeInline(source, workdir);
      return { directory: workdir };
  }
}

async function subdirectory(workdir: string, subdir: string | undefined): Promise<string> {
  if (subdir === undefined || subdir === '') return workdir;
  await using place = await locate(workdir, subdir, { follow: true });
  await using folder = await place.folder.child(place.name).catch((cause: unknown) => {
    throw new HarnessError('VALIDATION', 400, `the repository has no folder ${subdir}`, { cause });
  });
  return folder?.path ?? workdir;
}

async function copyFolder(from: string, workdir: string): Promise<void> {
  const stats = await stat(from).catch((cause: unknown) => {
    throw new HarnessError('VALIDATION', 400, `no folder ${from} where the harness runs`, { cause });
  });
  if (!stats.isDirectory()) throw new HarnessError('VALIDATION', 400, `${from} is not a folder`);
  await cp(from, workdir, { recursive: true });
}

type InlineSource = Extract<IdentitySource, { type: 'inline' }>;

async function writeInline({ manifest, files = {} }: InlineSource, workdir: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) await writeText(workdir, path, text);
  if ('agent.yaml' in files) return;
  const { stringify } = await loadYaml();
  await writeText(workdir, 'agent.yaml', stringify(manifest));
}
