import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/process/run.ts';
import { until } from './until.ts';

/** A disk of a few MiB that is really full when it is full. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Takes all the space that is left, but for so much. */
  fill(leftKib?: number): Promise<void>;
  /** Gives it back. */
  empty(): Promise<void>;
}

/** Undefined where nothing may be mounted. Where `CI` is set that is a failure. */
export async function smallDisk(mib: number): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'small-disk-'));
  const mount = await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', path], {
    timeoutMs: 30_000,
  }).catch(
    () => undefined, // No such program.
  );
  if (mount?.exitCode !== 0) {
    await rm(path, { recursive: true });
    if (process.env['CI']) throw new Error(`no disk could be mounted: ${mount?.stderrTail}`);
    return undefined;
  }
  const filler = join(path, 'filler');
  return {
    path,
    fill: async (leftKib = 0) => {
      const { bavail, bsize } = await statfs(path);
      await writeFile(filler, Buffer.alloc(bavail * bsize - leftKib * 1024)).catch(
        (error: NodeJS.ErrnoException) => {
          // Somebody else has taken some of it meanwhile: it is as full.
          if (error.code !== 'ENOSPC') throw error;
        },
      );
    },
    empty: () => rm(filler, { force: true }),
    [Symbol.asyncDispose]: async () => {
      // A process that is told to have ended may still be closing its files.
      await until(`${path} is not in use`, async () => {
        const { exitCode } = await run('umount', [path], { timeoutMs: 30_000 });
        return exitCode === 0;
      });
      await rm(path, { recursive: true });
    },
  };
}

/** Whether a small disk can be had; asked once, before the tests are named. */
export async function canMount(): Promise<boolean> {
  const disk = await smallDisk(1);
  await disk?.[Symbol.asyncDispose]();
  return disk !== undefined;
}
