import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SourceError } from './errors.ts';

/** Never part of an agent: history, and what is installed where it runs. */
const IGNORED: ReadonlySet<string> = new Set(['.git', 'node_modules', '.DS_Store']);

/** A file of a folder. */
export interface FoundFile {
  /** From the folder, with slashes. */
  readonly path: string;
  /** Where its content is: a link was followed. */
  readonly real: string;
  readonly stats: Stats;
}

/** The files below a folder, in order. Links are followed inside of it, and refused where they lead out. */
export async function* filesIn(folder: string): AsyncGenerator<FoundFile> {
  const root = await realpath(folder);
  yield* below({ root, real: root, path: '', above: [root] });
}

/** Undefined where there is nothing. */
export async function statOrNone(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new SourceError('SOURCE_UNREADABLE', `${path} cannot be read: ${error.message}`, { cause: error });
  });
}

interface Place {
  readonly root: string;
  readonly real: string;
  readonly path: string;
  /** Folders on the way here: a link to one of them would never end. */
  readonly above: readonly string[];
}

async function* below({ root, real, path, above }: Place): AsyncGenerator<FoundFile> {
  const names = (await readdir(real)).filter((name) => !IGNORED.has(name)).toSorted();
  for (const name of names) {
    const here = path === '' ? name : `${path}/${name}`;
    const found = await resolveInside(root, join(real, name), here);
    const stats = await stat(found);
    if (stats.isFile()) yield { path: here, real: found, stats };
    else if (!stats.isDirectory()) {
      throw new SourceError('SOURCE_UNREADABLE', `${here} is neither a file nor a folder; remove it`);
    } else if (above.includes(found)) {
      throw new SourceError('SOURCE_LINK', `${here} is a link to a folder that it is in; remove it`);
    } else yield* below({ root, real: found, path: here, above: [...above, found] });
  }
}

async function resolveInside(root: string, path: string, shown: string): Promise<string> {
  const real = await realpath(path).catch((cause: unknown) => {
    throw new SourceError('SOURCE_LINK', `${shown} is a link that leads nowhere; remove it`, { cause });
  });
  if (real === root || real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) return real;
  throw new SourceError(
    'SOURCE_LINK',
    `${shown} is a link out of the agent's folder, to what was not meant to be sent; put a copy in its place`,
  );
}
