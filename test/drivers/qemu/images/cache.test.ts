import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cached } from '../../../../src/drivers/qemu/images/cache.ts';
import { withLock } from '../../../../src/drivers/lock.ts';
import { run } from '../../../../src/process/run.ts';
import { tempDir } from '../../../helpers/temp.ts';

const quiet = { signal: new AbortController().signal, log: () => undefined };
const manifest = { digest: 'sha256:1', format: 'qcow2', virtualBytes: 1 } as const;

function entry(cacheDir: string, fill: (folder: string) => Promise<void>) {
  return {
    cacheDir,
    key: 'image',
    fill: async (folder: string) => {
      await fill(folder);
      return manifest;
    },
  };
}

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const { stdout } = await run('sh', ['-c', 'echo $$'], { timeoutMs: 30_000 });
  return Number(stdout);
}

test('fills an entry once for many who ask at the same time', async () => {
  await using temp = await tempDir();
  let fills = 0;
  const one = entry(temp.path, async (folder) => {
    fills++;
    await writeFile(join(folder, 'disk'), 'content');
  });
  const results = await Promise.all([cached(one, quiet), cached(one, quiet), cached(one, quiet)]);
  expect(fills).toBe(1);
  expect(new Set(results.map(({ folder }) => folder)).size).toBe(1);
  expect(await readFile(join(temp.path, 'qemu/image/disk'), 'utf8')).toBe('content');
  expect(await readdir(join(temp.path, 'qemu'))).toEqual(['image']);
});

test('leaves nothing of a fill that failed, and fills anew', async () => {
  await using temp = await tempDir();
  const broken = entry(temp.path, async (folder) => {
    await writeFile(join(folder, 'disk'), 'half');
    throw new Error('broken');
  });
  await expect(cached(broken, quiet)).rejects.toThrow('broken');
  expect(await readdir(join(temp.path, 'qemu'))).toEqual([]);
  await cached(
    entry(temp.path, async () => undefined),
    quiet,
  );
  expect(await readdir(join(temp.path, 'qemu'))).toEqual(['image']);
});

test('removes what a killed fill left, and its lock', async () => {
  await using temp = await tempDir();
  const folder = join(temp.path, 'qemu');
  await mkdir(join(folder, 'image.tmp-killed'), { recursive: true });
  await mkdir(join(folder, 'image'));
  await writeFile(join(folder, 'image', 'disk'), 'half: it has no manifest');
  await writeFile(join(folder, 'image.lock'), JSON.stringify({ pid: await deadPid(), startTime: '1' }));
  await cached(
    entry(temp.path, (at) => writeFile(join(at, 'disk'), 'whole')),
    quiet,
  );
  expect(await readdir(folder)).toEqual(['image']);
  expect(await readFile(join(folder, 'image/disk'), 'utf8')).toBe('whole');
});

test('waits for a lock that a living process holds, as long as it is told to', async () => {
  await using temp = await tempDir();
  const file = join(temp.path, 'lock');
  const said: string[] = [];
  const options = { ...quiet, log: (line: string) => void said.push(line), timeoutMs: 50 };
  await withLock(file, options, async () => {
    await expect(withLock(file, options, async () => undefined)).rejects.toMatchObject({
      code: 'COMMAND_TIMEOUT',
    });
    const cancelled = { ...options, signal: AbortSignal.abort() };
    await expect(withLock(file, cancelled, async () => undefined)).rejects.toMatchObject({ code: 'ABORTED' });
  });
  expect(said).toEqual(['waiting for another process that prepares the same image']);
  expect(existsSync(file)).toBe(false);
});

test('breaks the lock of a process whose id another process has now', async () => {
  await using temp = await tempDir();
  const file = join(temp.path, 'lock');
  await writeFile(file, JSON.stringify({ pid: process.pid, startTime: 'another' }));
  expect(await withLock(file, { ...quiet, timeoutMs: 0 }, async () => 'mine')).toBe('mine');
  expect(await readdir(temp.path)).toEqual([]);
});

test("never frees another's lock", async () => {
  await using temp = await tempDir();
  const file = join(temp.path, 'lock');
  await withLock(file, { ...quiet, timeoutMs: 0 }, () => writeFile(file, 'of another'));
  expect(await readFile(file, 'utf8')).toBe('of another');
});
