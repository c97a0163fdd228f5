import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Driver } from '../drivers/driver.ts';
import { defaultCacheDir } from '../drivers/folders.ts';

const record = z.object({
  /** What the template's harness is claimed with. */
  secret: z.string(),
  /** Key of the prepared image that it rests on. */
  image: z.string(),
});

/** What is written down of a template beside what the driver has of it. Secret. */
export type TemplateRecord = z.infer<typeof record>;

/** A template as the records know it. */
export interface KnownTemplate {
  readonly key: string;
  readonly image: string;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

/** The records of a driver's templates below a cache folder: a file each, for its owner alone. */
export class TemplateRecords {
  readonly #folder: string;

  constructor({ name }: Pick<Driver, 'name'>, cacheDir: string = defaultCacheDir()) {
    this.#folder = join(cacheDir, 'templates', encodeURIComponent(name));
  }

  /** The secret of a template that is used now; undefined where nothing is known of it. */
  async use(key: string): Promise<string | undefined> {
    const known = await this.#read(key);
    const now = new Date();
    if (known) await utimes(join(this.#folder, key), now, now);
    return known?.secret;
  }

  async write(key: string, content: TemplateRecord): Promise<void> {
    const file = join(this.#folder, key);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  async remove(key: string): Promise<void> {
    await rm(join(this.#folder, key), { force: true });
  }

  /** All that are known, the last used first. */
  async list(): Promise<readonly KnownTemplate[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const known = await Promise.all(
      names.map(async (key): Promise<KnownTemplate | undefined> => {
        const used = await stat(join(this.#folder, key)).catch(() => undefined); // Removed meanwhile.
        if (!used || key.endsWith('.new')) return undefined;
        const image = (await this.#read(key))?.image ?? ''; // Of another version: it goes with the oldest.
        return { key, image, usedAt: Math.round(used.mtimeMs) };
      }),
    );
    return known.filter((each) => each !== undefined).toSorted((one, other) => other.usedAt - one.usedAt);
  }

  async #read(key: string): Promise<TemplateRecord | undefined> {
    try {
      return record.parse(JSON.parse(await readFile(join(this.#folder, key), 'utf8')));
    } catch {
      return undefined; // Absent or of another version.
    }
  }
}
