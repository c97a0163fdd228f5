import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import type { FsTreeEntry, FsTreeResponse } from '@computeragent/protocol';
import { HarnessError, systemCode } from '../errors.ts';
import type { Folder } from './folder.ts';
import { locate } from './locate.ts';

const MAX_DEPTH = 8;
const DEFAULT_DEPTH = 1;
/** More than a person or a client reads at once; a node_modules must not fill the memory. */
const MAX_ENTRIES = 20_000;

/** `depth` of a query: levels below the first one. */
export function depthOf(text: string | undefined): number {
  const depth = text === undefined || text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(depth) || depth < 0) return DEFAULT_DEPTH;
  return Math.min(Math.floor(depth), MAX_DEPTH);
}

/**
 * Lists a folder, parents before their children, paths relative to it. Links are listed as files and never followed.
 * A folder of more than `maxEntries` is cut off there and says so.
 */
export async function listTree(
  root: string,
  wanted: string,
  depth: number,
  maxEntries = MAX_ENTRIES,
): Promise<FsTreeResponse> {
  await using top = await openFolder(root, wanted);
  const listing = new Listing(maxEntries);
  await listing.add(top, '', depth);
  return listing.truncated ? { entries: listing.entries, truncated: true } : { entries: listing.entries };
}

class Listing {
  readonly entries: FsTreeEntry[] = [];
  readonly #max: number;
  truncated = false;

  constructor(max: number) {
    this.#max = max;
  }

  async add(folder: Folder, prefix: string, depth: number): Promise<void> {
    const names = await this.#namesIn(folder);
    const all = await Promise.all(names.map((name) => ifThere(lstat(folder.at(name)))));
    for (const [index, name] of names.entries()) {
      if (this.entries.length >= this.#max) return void (this.truncated = true);
      const stats = all[index];
      if (!stats) continue;
      this.entries.push(entryOf(`${prefix}${name}`, stats));
      if (!stats.isDirectory() || depth === 0) continue;
      await using child = await ifThere(folder.child(name));
      if (child) await ifThere(this.add(child, `${prefix}${name}/`, depth - 1));
    }
  }

  /** One more than there is room for, so that what is left out is noticed. */
  async #namesIn(folder: Folder): Promise<string[]> {
    const found: string[] = [];
    for await (const { name } of await opendir(folder.at('.'))) {
      found.push(name);
      if (found.length > this.#max - this.entries.length) break;
    }
    return found;
  }
}

/** What the agent deletes, exchanges or locks while we list is left out. */
async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

async function openFolder(root: string, wanted: string): Promise<Folder> {
  await using place = await locate(root, wanted, { follow: true });
  try {
    const folder = await place.folder.child(place.name);
    if (folder) return folder;
  } catch (error) {
    if (systemCode(error) !== 'ENOTDIR') throw error;
  }
  throw new HarnessError('VALIDATION', 400, `${wanted} is not a folder`);
}

function entryOf(path: string, stats: Stats): FsTreeEntry {
  const { size, mtimeMs, mode } = stats;
  return { path, type: stats.isDirectory() ? 'dir' : 'file', size, mtime: Math.trunc(mtimeMs), mode };
}
