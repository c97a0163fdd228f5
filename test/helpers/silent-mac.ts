import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { tempDir } from './temp.ts';

/** Says nothing, and heeds no SIGTERM. */
const SILENT = `trap '' TERM; exec sleep 1000`;

/**
 * This machine as a Mac, whose `ps` and `sysctl` are these scripts: to this process and what it starts, until the end of
 * the scope. By themselves they never answer.
 */
export async function silentMac(scripts: { readonly ps?: string; readonly sysctl?: string } = {}) {
  const temp = await tempDir();
  const { PATH } = process.env;
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
  for (const name of ['ps', 'sysctl'] as const) {
    const file = join(temp.path, name);
    await writeFile(file, `#!/bin/sh\necho $$ >> ${file}.pids\n${scripts[name] ?? SILENT}\n`);
    await chmod(file, 0o755);
  }
  const askedOf = async (name: string): Promise<number[]> => {
    const text = await readFile(join(temp.path, `${name}.pids`), 'utf8').catch(() => '');
    return text.trim().split('\n').filter(Boolean).map(Number);
  };
  process.env['PATH'] = `${temp.path}:${PATH}`;
  Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' });
  return {
    /** Process ids of those that were started. */
    askedOf,
    /** Resolves when one of them has been started. */
    asked: async (name: 'ps' | 'sysctl'): Promise<void> => {
      // Without a timer: a test may hold the clock.
      while ((await askedOf(name)).length === 0) await turn();
    },
    [Symbol.asyncDispose]: async () => {
      Object.defineProperty(process, 'platform', platform);
      process.env['PATH'] = PATH;
      await temp[Symbol.asyncDispose]();
    },
  };
}
