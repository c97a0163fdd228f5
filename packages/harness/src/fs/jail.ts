import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { HarnessError, systemCode } from '../errors.ts';

/** A path that was found to be inside the jail. */
export interface JailedPath {
  /** Real path of the jail. */
  readonly root: string;
  /** Real path as far as it exists; plain names from there on. Open it with O_NOFOLLOW. */
  readonly path: string;
  readonly exists: boolean;
}

/**
 * Resolves a client's path inside `root`, walking it name by name: so that a link in the middle is seen even when what
 * comes after it does not exist yet, and a dangling link is never written through.
 */
export async function jailedPath(root: string, wanted: string): Promise<JailedPath> {
  const names = namesOf(wanted);
  const realRoot = await realpath(root);
  let path = realRoot;
  for (const [index, name] of names.entries()) {
    const next = join(path, name);
    const kind = await kindOf(next);
    if (kind === 'missing') return { root: realRoot, path: join(path, ...names.slice(index)), exists: false };
    path = kind === 'link' ? await followInside(realRoot, next, wanted) : next;
  }
  return { root: realRoot, path, exists: true };
}

/** True when `path` is the root or below it. Both must be real paths. */
export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The rejection of a path that leaves the jail. */
export function pathEscape(attempted: string, cause?: unknown): HarnessError {
  return new HarnessError('PATH_ESCAPE', 400, 'the path leaves the working directory', {
    details: { attempted },
    cause,
  });
}

/** The names that a client's path is made of; none for the jail itself. */
export function namesOf(wanted: string): string[] {
  if (wanted.trim() === '' || wanted.includes('\0') || isAbsolute(wanted)) throw pathEscape(wanted);
  const names = normalize(wanted)
    .split(sep)
    .filter((name) => name !== '' && name !== '.');
  if (names[0] === '..') throw pathEscape(wanted);
  return names;
}

async function kindOf(path: string): Promise<'missing' | 'link' | 'other'> {
  try {
    return (await lstat(path)).isSymbolicLink() ? 'link' : 'other';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'missing';
    throw error;
  }
}

async function followInside(root: string, link: string, wanted: string): Promise<string> {
  let target: string;
  try {
    target = await realpath(link);
  } catch (error) {
    // Dangling or circular: there is nothing inside that it stands for.
    throw pathEscape(wanted, error);
  }
  if (!isInside(root, target)) throw pathEscape(wanted);
  return target;
}
