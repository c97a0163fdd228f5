import { lstat, mkdir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { HarnessError, systemCode } from '../errors.ts';
import type { Folder } from './folder.ts';
import { locate } from './locate.ts';

/** Deletes a file; a folder only when `recursive`. A link is deleted, not what it points to. */
export async function deletePath(root: string, wanted: string, recursive: boolean): Promise<void> {
  await using place = await locate(root, wanted);
  const { folder, name } = place;
  if (name === '.') throw refused('the working directory itself cannot be deleted');
  const isFolder = (await lstat(folder.at(name))).isDirectory();
  if (isFolder && !recursive) throw refused(`${wanted} is a folder: recursive=true deletes it`);
  await remove(folder, name, isFolder);
}

/** Makes a folder; with `recursive` also its parents, and one that exists is fine. */
export async function makeFolder(root: string, wanted: string, recursive = false): Promise<void> {
  await using place = await locate(root, wanted, { makeParents: recursive, follow: recursive });
  const { folder, name } = place;
  try {
    await mkdir(folder.at(name));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || !recursive) throw error;
    if (!(await lstat(folder.at(name))).isDirectory()) throw error;
  }
}

/** Moves a file, a folder or a link. A file in the way is replaced; missing parents are made. */
export async function movePath(root: string, from: string, to: string): Promise<void> {
  await using source = await locate(root, from);
  if (source.name === '.') throw refused('the working directory itself cannot be moved');
  // Looked at first, so that a move of nothing makes no folders.
  await lstat(source.folder.at(source.name));
  await using target = await locate(root, to, { makeParents: true });
  try {
    await rename(source.folder.at(source.name), target.folder.at(target.name));
  } catch (error) {
    throw unmovable(error, from, to);
  }
}

const TAKEN = new Set(['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY', 'EBUSY']);

function unmovable(cause: unknown, from: string, to: string): unknown {
  const code = systemCode(cause);
  if (code !== undefined && TAKEN.has(code))
    return new HarnessError('CONFLICT', 409, `${to} is in the way`, { cause });
  if (code === 'EINVAL') return refused(`${from} cannot be moved into itself`);
  if (code === 'EXDEV') return refused(`${from} and ${to} are on different file systems`);
  return cause;
}

/** Folder by folder through handles: a link that appears on the way is deleted and never entered. */
async function remove(parent: Folder, name: string, isFolder: boolean): Promise<void> {
  if (!isFolder) return unlink(parent.at(name));
  {
    await using folder = await parent.child(name);
    if (!folder) return unlink(parent.at(name));
    for (const entry of await readdir(folder.at('.'), { withFileTypes: true }))
      await remove(folder, entry.name, entry.isDirectory());
  }
  await rmdir(parent.at(name));
}

function refused(message: string): HarnessError {
  return new HarnessError('VALIDATION', 400, message);
}
