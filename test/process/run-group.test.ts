import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitUntilGone } from '../../src/process/end-process.ts';
import { run } from '../../src/process/run.ts';
import { tempDir } from '../helpers/temp.ts';

const GONE_WITHIN_MS = 15_000;

/** Starts a child that holds the output open, tells its id, and ignores SIGTERM itself. */
const STUBBORN = 'trap "" TERM; (trap - TERM; exec sleep 60) & echo $! > "$1"; wait; echo cleaned';

test('ends the children of a cancelled program, and lets itself clean up', async () => {
  await using temp = await tempDir();
  const file = join(temp.path, 'pid');
  const abort = new AbortController();
  const running = run('sh', ['-c', STUBBORN, 'sh', file], {
    timeoutMs: 30_000,
    signal: abort.signal,
  });
  const child = await pidIn(file);
  abort.abort();
  await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await waitUntilGone(child, GONE_WITHIN_MS)).toBe(true);
});

test('ends the children at the deadline', async () => {
  // A busy machine may reach the deadline before there is a child: then it is given longer.
  for (let timeoutMs = 300; ; timeoutMs *= 4) {
    await using temp = await tempDir();
    const file = join(temp.path, 'pid');
    const running = run('sh', ['-c', STUBBORN, 'sh', file], { timeoutMs });
    await expect(running).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT' });
    if (!existsSync(file)) continue;
    expect(await waitUntilGone(await pidIn(file), GONE_WITHIN_MS)).toBe(true);
    return;
  }
});

test('ends whom a program leaves behind', async () => {
  await using temp = await tempDir();
  const file = join(temp.path, 'pid');
  const program = 'sleep 60 & echo $! > "$1"; echo done';
  expect(await run('sh', ['-c', program, 'sh', file], { timeoutMs: 30_000 })).toMatchObject({
    exitCode: 0,
    stdout: 'done',
  });
  expect(await waitUntilGone(await pidIn(file), GONE_WITHIN_MS)).toBe(true);
});

async function pidIn(file: string): Promise<number> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => ''); // Not written yet.
    if (text.endsWith('\n')) return Number(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
