import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A place of the source that makes an error. */
export interface Raised {
  /** `file:line` */
  readonly at: string;
  /** What is between the parentheses. */
  readonly made: string;
}

/** Every place below a folder that makes an error of a class. */
export function raisedIn(root: string, folder: string, errorClass: string): readonly Raised[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const source = readFileSync(path, 'utf8');
      return [...source.matchAll(new RegExp(`new ${errorClass}\\(`, 'g'))].map((match) => ({
        at: `${relative(root, path).split(sep).join('/')}:${source.slice(0, match.index).split('\n').length}`,
        made: untilClosed(source, match.index + match[0].length),
      }));
    });
}

function untilClosed(source: string, from: number): string {
  let depth = 1;
  let at = from;
  for (; depth > 0 && at < source.length; at += 1) {
    if (source[at] === '(') depth += 1;
    if (source[at] === ')') depth -= 1;
  }
  return source.slice(from, at - 1);
}
