import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { VzvmError } from '../../../errors.ts';
import { isRunning } from '../../../process/end-process.ts';
import { demandKey, removeFiles } from '../../kept.ts';
import { withLock } from '../../lock.ts';
import { filesIn } from '../paths.ts';
import { deleteGuest } from '../stop.ts';
import { WORKSHOP } from './layout.ts';
import { isWhole, readManifest, type Manifest } from './manifest.ts';

const PREFIX = 'template-';
const LEFTOVER = /^template-(?<key>[a-z0-9-]+)\.tmp-(?<pid>\d+)-[0-9a-f]+$/;
const LOCK_TIMEOUT_MS = 10 * 60_000;

/** A template on this host's disk. */
export interface Template {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** The templates below a cache folder: each is a folder that is there as a whole or not at all. */
export class TemplateStore {
  readonly #cacheDir: string;

  constructor(cacheDir: string) {
    this.#cacheDir = cacheDir;
  }

  get #place(): string {
    return join(this.#cacheDir, 'qemu');
  }

  /** Where a template is, or will be. */
  folderOf(key: string): string {
    demandKey(key);
    return join(this.#place, `${PREFIX}${key}`);
  }

  /** Undefined where there is none, or none that is whole. */
  async find(key: string): Promise<Template | undefined> {
    const folder = this.folderOf(key);
    const manifest = await readManifest(folder);
    return manifest && (await isWhole(folder, manifest)) ? { folder, manifest } : undefined;
  }

  /** Has a folder filled beside its place, by one process at a time, and puts it there at once. */
  async put(key: string, signal: AbortSignal, fill: (folder: string) => Promise<void>): Promise<void> {
    const folder = this.folderOf(key);
    const lock = { signal, timeoutMs: LOCK_TIMEOUT_MS, log: () => undefined };
    await withLock(`${folder}.lock`, lock, async () => {
      await this.#removeLeftovers(key);
      const temp = besides(folder);
      try {
        await mkdir(temp, { recursive: true, mode: 0o700 });
        await fill(temp);
        await this.remove(key);
        await rename(temp, folder);
      } finally {
        await removeFiles(temp);
      }
    });
  }

  /** Moved aside first: nobody finds half of it. Guests that run from it hold its files open. */
  async remove(key: string): Promise<void> {
    const folder = this.folderOf(key);
    const aside = besides(folder);
    try {
      await rename(folder, aside);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    await removeFiles(aside);
  }

  /** Removes one that is of no use, if there is one; but not what is put there meanwhile: whoever saves it replaces it. */
  async removeUnless(key: string, isUsable: () => Promise<boolean>): Promise<void> {
    const folder = this.folderOf(key);
    if (!existsSync(folder)) return;
    const now = { signal: AbortSignal.timeout(LOCK_TIMEOUT_MS), timeoutMs: 0, log: () => undefined };
    try {
      await withLock(`${folder}.lock`, now, async () => {
        if (!(await isUsable())) await this.remove(key);
      });
    } catch (error) {
      const isBeingSaved = error instanceof VzvmError && error.code === 'COMMAND_TIMEOUT';
      if (!isBeingSaved) throw error;
    }
  }

  /** Keys of all that are there. */
  async keys(): Promise<readonly string[]> {
    const names = (await this.#names()).filter((name) => name.startsWith(PREFIX) && !name.includes('.'));
    const known = await Promise.all(names.map((name) => readManifest(join(this.#place, name))));
    return names.filter((_, index) => known[index]).map((name) => name.slice(PREFIX.length));
  }

  /** Paths of all files elsewhere that templates rest on. */
  async restedOn(): Promise<readonly string[]> {
    const folders = (await this.keys()).map((key) => readManifest(this.folderOf(key)));
    return (await Promise.all(folders)).flatMap((known) => known?.bases.map(({ path }) => path) ?? []);
  }

  async #names(): Promise<readonly string[]> {
    return readdir(this.#place).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }

  /** What killed processes left: their files, and the QEMU that they had at work. Of this key nobody has any now. */
  async #removeLeftovers(key: string): Promise<void> {
    for (const name of await this.#names()) {
      const owner = LEFTOVER.exec(name)?.groups;
      if (!owner) continue;
      const isOurs = owner['key'] === key;
      if (!isOurs && (await isRunning(Number(owner['pid'])))) continue;
      const folder = join(this.#place, name);
      await deleteGuest(WORKSHOP, filesIn(join(folder, WORKSHOP)), () => undefined);
      await removeFiles(folder);
    }
  }
}

function besides(folder: string): string {
  return `${folder}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
}
