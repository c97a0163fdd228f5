import { isAbsolute, normalize, sep } from 'node:path';
import { HarnessError } from '../errors.ts';

/** Each of a path's folders is open while the path is walked, and a process may open only so many. */
const MOST_NAMES = 128;

/** The names that a client's path is made of; none for the jail itself. */
export function namesOf(wanted: string): string[] {
  if (wanted.trim() === '' || wanted.includes('\0') || isAbsolute(wanted)) throw pathEscape(wanted);
  const names = normalize(wanted)
    .split(sep)
    .filter((name) => name !== '' && name !== '.');
  if (names[0] === '..') throw pathEscape(wanted);
  if (names.length > MOST_NAMES) throw new HarnessError('VALIDATION', 400, 'the path has too many folders');
  return names;
}

/** What is left of an absolute path below `root`; undefined when it does not begin there. */
export function withinRoot(root: string, path: string): string | undefined {
  if (path === root) return '';
  const prefix = root.endsWith(sep) ? root : root + sep;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}

/** The rejection of a path that leaves the jail. */
export function pathEscape(attempted: string, cause?: unknown): HarnessError {
  return new HarnessError('PATH_ESCAPE', 400, 'the path leaves the working directory', {
    details: { attempted },
    cause,
  });
}

/** The rejection of a path that names something else than a file. */
export function notAFile(wanted: string): HarnessError {
  return new HarnessError('VALIDATION', 400, `${wanted} is not a file`);
}
