import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { home } from './home.ts';

const fileOf = (name: string): string => join(home, 'faults', name);

/** A fault that is switched on: the text of its file. */
export async function fault(name: string): Promise<string | undefined> {
  if (!existsSync(fileOf(name))) return undefined;
  return (await readFile(fileOf(name), 'utf8').catch(() => '')).trim();
}

/** A fault that strikes once: whoever moves its file away is struck. */
export async function faultOnce(name: string): Promise<string | undefined> {
  const mine = `${fileOf(name)}.${process.pid}`;
  try {
    await rename(fileOf(name), mine);
  } catch {
    return undefined; // There is none, or another one was struck.
  }
  const text = await readFile(mine, 'utf8');
  await rm(mine);
  return text.trim();
}

/** Never, unless a signal ends it. */
export function hang(): Promise<never> {
  return new Promise(() => void setInterval(() => undefined, 60_000));
}
