import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';

const guestSettings = z.object({
  resources: z.object({ cpu: z.number(), memoryMiB: z.number(), diskGiB: z.number().exactOptional() }),
  boot: z.object({ kernel: z.string(), initrd: z.string() }).optional(),
  hasSeed: z.boolean(),
  /** Says on its console when it can be logged in to. */
  announces: z.boolean().exactOptional(),
  /** Path of the disk that its own rests on. */
  base: z.string().exactOptional(),
  /** Public key that the guest is told of by its kernel's command line. */
  authorizedKey: z.string().exactOptional(),
  /** File of the disk that the guest writes to, when it is not the first. */
  disk: z.string().exactOptional(),
  /** File in the guest's folder that is its memory while it runs. */
  memoryFile: z.string().exactOptional(),
  /** As QEMU binds it and others connect to it. */
  qmp: z.string(),
});

const running = z.object({
  pid: z.number(),
  startTime: z.string().optional(),
  ports: z.record(z.string(), z.number()),
});

/** What `clone` fixed and `start` needs. */
export type GuestSettings = z.infer<typeof guestSettings>;

/** The process that runs, or ran, a guest. */
export type GuestRun = z.infer<typeof running>;

/** Undefined when there is no such guest. */
export function readSettings(file: string): Promise<GuestSettings | undefined> {
  return readJson(file, guestSettings);
}

/** Undefined when the guest was never started. */
export function readRun(file: string): Promise<GuestRun | undefined> {
  return readJson(file, running);
}

/** Put in place at once: a reader never sees half of it. */
export async function writeJson(file: string, content: GuestSettings | GuestRun): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export { guestSettings };
