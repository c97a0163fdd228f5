import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { DirectBoot } from '../args.ts';
import type { Image } from '../../driver.ts';

/** An image on this host's disk, with what a guest needs to boot from it. */
export interface Artifact {
  readonly image: Image;
  readonly disk: string;
  readonly format: 'qcow2' | 'raw';
  readonly virtualBytes: number;
  /** Undefined: the disk brings its own boot loader. */
  readonly boot?: DirectBoot;
}

const MANIFEST = 'image.json';
const manifest = z.object({ digest: z.string(), format: z.enum(['qcow2', 'raw']), virtualBytes: z.number() });

/** What the cache knows about one image. */
export type Manifest = z.infer<typeof manifest>;

/** Reads what is known of a cached image; undefined when it is not there. The last file written, so its presence means all are. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return manifest.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
  } catch {
    return undefined; // Absent or of another version: it is made anew.
  }
}

/** The file that tells, by its time, when the image was used last. */
export const manifestOf = (folder: string): string => join(folder, MANIFEST);

/** Writes what is known of a cached image. */
export async function writeManifest(folder: string, content: Manifest): Promise<void> {
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(content)}\n`);
}
