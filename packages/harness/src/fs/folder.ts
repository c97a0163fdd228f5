import { constants, existsSync } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';

/** Linux shows each open file of a process there; a path through it starts at the file itself, wherever that is now. */
const HANDLES = '/proc/self/fd';
const HAS_HANDLES = existsSync(HANDLES);
/** Linux's O_PATH: the folder need not be readable to be passed through. Node has no name for it. */
const O_PATH = HAS_HANDLES ? 0x20_0000 : 0;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | O_PATH;

/**
 * An open folder. What is in it is reached through its handle: that somebody moves the folder, or puts a link in its
 * place, changes nothing. Where a system has no such paths, its own path has to do.
 */
export class Folder implements AsyncDisposable {
  /** The folder's path when it was opened. */
  readonly path: string;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.path = path;
  }

  /** Opens a folder by a path that is trusted: links in it are followed. */
  static async open(path: string): Promise<Folder> {
    const real = await realpath(path);
    return new Folder(await open(real, FOLDER), real);
  }

  /** A path to a name in this folder, good for one system call that does not follow the name. */
  at(name: string): string {
    return HAS_HANDLES ? `${HANDLES}/${this.#handle.fd}/${name}` : join(this.path, name);
  }

  /** Opens a folder in this one; undefined when the name is a link. */
  async child(name: string): Promise<Folder | undefined> {
    try {
      return new Folder(await open(this.at(name), FOLDER), join(this.path, name));
    } catch (error) {
      const code = systemCode(error);
      if ((code === 'ENOTDIR' || code === 'ELOOP') && (await this.linkTarget(name)) !== undefined)
        return undefined;
      throw error;
    }
  }

  /** Where a link in this folder points; undefined when the name is no link, or nothing. */
  async linkTarget(name: string): Promise<string | undefined> {
    try {
      return await readlink(this.at(name));
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EINVAL' || code === 'ENOENT') return undefined;
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}
