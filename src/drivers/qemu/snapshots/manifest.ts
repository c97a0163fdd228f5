import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { guestSettings, type GuestSettings } from '../settings.ts';

/** The last file of a template to be written: where it is, all of it is. */
export const MANIFEST = 'template.json';

/** What tells one content of a file from another without reading it. */
const stamp = z.object({ path: z.string(), size: z.number(), mtimeMs: z.number(), ino: z.number() });

const lasting = guestSettings.omit({ qmp: true, disk: true, memoryFile: true, announces: true });

const manifest = z.object({
  /** What can run it: {@link runnerOf}. */
  runner: z.string(),
  accelerator: z.enum(['kvm', 'hvf', 'tcg']),
  settings: lasting,
  /** What forks are given for kernel and initrd, by names in its folder. */
  standIn: z.object({ kernel: z.string(), initrd: z.string() }).exactOptional(),
  /** Files of its own, by their names in its folder. */
  own: z.array(stamp),
  /** Files elsewhere that it rests on. */
  bases: z.array(stamp),
});

/** What is known of a template. */
export type Manifest = z.infer<typeof manifest>;
export type Stamp = z.infer<typeof stamp>;

/** What a guest's settings and those of its forks have in common. */
export function lastingSettings(settings: GuestSettings): Manifest['settings'] {
  return lasting.parse(settings);
}

/** Undefined where there is none, or one of another version. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return manifest.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
  } catch {
    return undefined;
  }
}

/** The stamp of a file as it is now. */
export async function stampOf(path: string, file: string = path): Promise<Stamp> {
  const { size, mtimeMs, ino } = await stat(file);
  return { path, size, mtimeMs, ino };
}

/** Whether all that a template needs is as it was when it was made. */
export async function isWhole(folder: string, { own, bases }: Manifest): Promise<boolean> {
  const checks = [
    ...own.map((known) => isUnchanged(known, join(folder, known.path))),
    ...bases.map((known) => isUnchanged(known, known.path)),
  ];
  return (await Promise.all(checks)).every(Boolean);
}

async function isUnchanged(known: Stamp, file: string): Promise<boolean> {
  const now = await stampOf(known.path, file).catch(() => undefined); // Not there.
  return now?.size === known.size && now.mtimeMs === known.mtimeMs && now.ino === known.ino;
}
