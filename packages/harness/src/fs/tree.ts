import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FsTreeEntry } from '@computeragent/protocol';
import { HarnessError, systemCode } from '../errors.ts';
import { jailedPath } from './jail.ts';
import { fileNotFound } from './open.ts';

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

/** Lists a folder, parents before their children, paths relative to it. Links are listed as files and never followed. */
export async function listTree(root: string, wanted: string, depth: number): Promise<FsTreeEntry[]> {
  const jailed = await jailedPath(root, wanted);
  if (!jailed.exists) throw fileNotFound(wanted);
  const entries: FsTreeEntry[] = [];
  await listFolder({ top: jailed.path, entries }, '', depth);
  return entries;
}

interface Listing {
  readonly top: string;
  readonly entries: FsTreeEntry[];
}

async function listFolder(listing: Listing, folder: string, depth: number): Promise<void> {
  for (const dirent of await readFolder(join(listing.top, folder))) {
    if (listing.entries.length >= MAX_ENTRIES) return;
    const path = folder === '' ? dirent.name : `${folder}/${dirent.name}`;
    const entry = await entryOf(listing.top, path, dirent);
    if (!entry) continue;
    listing.entries.push(entry);
    if (dirent.isDirectory() && depth > 0) await listFolder(listing, path, depth - 1);
  }
}

async function readFolder(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR')
      throw new HarnessError('VALIDATION', 400, 'the path is not a folder');
    if (systemCode(error) === 'ENOENT') return []; // Deleted by the agent while we list.
    throw error;
  }
}

async function entryOf(top: string, path: string, dirent: Dirent): Promise<FsTreeEntry | undefined> {
  try {
    const { size, mtimeMs, mode } = await lstat(join(top, path));
    return { path, type: dirent.isDirectory() ? 'dir' : 'file', size, mtime: Math.trunc(mtimeMs), mode };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
