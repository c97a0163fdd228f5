import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fateOf, identityOf } from '../../process/identity.ts';

const schema = z.object({
  pid: z.int().min(2),
  startTime: z.string().optional(),
  bootId: z.string().optional(),
  machine: z.string(),
  namespace: z.string().optional(),
});

const fileOf = (folder: string): string => join(folder, 'run.json');

/** Notes which process a guest is, for whoever takes it over. @throws VzvmError ABORTED. */
export async function writeRun(folder: string, pid: number, signal: AbortSignal): Promise<void> {
  await writeFile(`${fileOf(folder)}.new`, JSON.stringify(await identityOf(pid, signal)), { mode: 0o600 });
  await rename(`${fileOf(folder)}.new`, fileOf(folder));
}

/** The process that a guest is, whoever has started it; undefined when it has ended, or was never noted. */
export async function findRun(folder: string, signal?: AbortSignal): Promise<number | undefined> {
  const record = await read(fileOf(folder));
  return record !== undefined && (await fateOf(record, signal)) === 'runs' ? record.pid : undefined;
}

async function read(file: string): Promise<z.infer<typeof schema> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined; // Never started, or deleted.
  }
}
