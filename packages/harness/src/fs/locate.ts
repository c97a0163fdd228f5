import { mkdir } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { systemCode } from '../errors.ts';
import { Folder } from './folder.ts';
import { namesOf, pathEscape, withinRoot } from './names.ts';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/** Where a path leads: a name in an open folder. The name is "." when the path is the folder itself. */
export interface Place extends AsyncDisposable {
  readonly folder: Folder;
  readonly name: string;
}

/** How to treat the ends of a path. */
export interface LocateOptions {
  /** Follow the last name when it is a link. Default: no, the place is the link. */
  readonly follow?: boolean;
  /** Make the folders on the way that are missing. */
  readonly makeParents?: boolean;
}

/**
 * Finds a client's path inside `root`, name by name through open folders, and follows links by hand: each of them, and
 * each step of what it points to, has to stay inside. Between the look and the use nothing can be exchanged, because
 * the folder that was looked at is the one that is used. The caller disposes of the place.
 */
export async function locate(root: string, wanted: string, options: LocateOptions = {}): Promise<Place> {
  const names = namesOf(wanted);
  const walk = new Walk(root, await Folder.open(root), wanted);
  try {
    const name = await walk.to(names, options);
    return { folder: walk.here, name, [Symbol.asyncDispose]: () => walk[Symbol.asyncDispose]() };
  } catch (error) {
    await walk[Symbol.asyncDispose]();
    throw error;
  }
}

/** The folders from the root to where the walk is: their real chain, so that ".." is one step back. */
class Walk implements AsyncDisposable {
  readonly #roots: readonly string[];
  readonly #wanted: string;
  readonly #chain: [Folder, ...Folder[]];
  #links = 0;

  constructor(root: string, opened: Folder, wanted: string) {
    this.#roots = [opened.path, root];
    this.#chain = [opened];
    this.#wanted = wanted;
  }

  get here(): Folder {
    return this.#chain.at(-1) ?? this.#chain[0];
  }

  /** Walks to the folder of the last name and returns that name. */
  async to(
    names: readonly string[],
    { follow = false, makeParents = false }: LocateOptions,
  ): Promise<string> {
    const todo = [...names];
    for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
      if (name === '..') await this.#up();
      else if (todo.length > 0) todo.unshift(...(await this.#into(name, makeParents)));
      else {
        const target = follow ? await this.here.linkTarget(name) : undefined;
        if (target === undefined) return name;
        todo.unshift(...(await this.#linked(target)));
      }
    }
    return '.';
  }

  /** Enters a folder; returns the names to go on with when it is a link. */
  async #into(name: string, make: boolean): Promise<readonly string[]> {
    const child = await this.#child(name, make);
    if (child) this.#chain.push(child);
    return child ? [] : this.#linked((await this.here.linkTarget(name)) ?? '.');
  }

  async #child(name: string, make: boolean): Promise<Folder | undefined> {
    try {
      return await this.here.child(name);
    } catch (error) {
      if (!make || systemCode(error) !== 'ENOENT') throw error;
      // Somebody else may make it at the same time; what counts is what is there then.
      await mkdir(this.here.at(name)).catch((failure: unknown) => {
        if (systemCode(failure) !== 'EEXIST') throw failure;
      });
      return this.here.child(name);
    }
  }

  /** The names that a link stands for. */
  async #linked(target: string): Promise<readonly string[]> {
    if (++this.#links > MAX_LINKS) throw pathEscape(this.#wanted);
    if (!isAbsolute(target)) return stepsOf(target);
    const inside = this.#roots.map((root) => withinRoot(root, target)).find((path) => path !== undefined);
    if (inside === undefined) throw pathEscape(this.#wanted);
    while (this.#chain.length > 1) await this.#up();
    return stepsOf(inside);
  }

  async #up(): Promise<void> {
    if (this.#chain.length === 1) throw pathEscape(this.#wanted);
    await this.#chain.pop()?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#chain.map((folder) => folder[Symbol.asyncDispose]()));
  }
}

function stepsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
