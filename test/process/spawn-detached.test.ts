import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTimeOf, signalProcess, waitUntilGone } from '../../src/process/end-process.ts';
import { readTail, spawnDetached } from '../../src/process/spawn-detached.ts';
import { isRunning } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';

test('reports how a process ended, with the end of what it wrote', async () => {
  await using temp = await tempDir();
  const logFile = join(temp.path, 'log');
  const child = await spawnDetached('sh', ['-c', 'echo out; echo err >&2; exit 3'], { logFile });
  expect(await child.exited).toEqual({ code: 3, signal: null, stderrTail: 'out\nerr' });
});

test('reports the end although a grandchild holds the output open', async () => {
  await using temp = await tempDir();
  const logFile = join(temp.path, 'log');
  const child = await spawnDetached('sh', ['-c', 'sleep 60 & echo $!'], { logFile });
  expect(await child.exited).toMatchObject({ code: 0 });
  const grandchild = Number(await readFile(logFile, 'utf8'));
  expect(isRunning(grandchild)).toBe(true);
  signalProcess(grandchild, 'SIGKILL');
  expect(await waitUntilGone(grandchild, 30_000)).toBe(true);
});

test('leads a process group of its own and is told by its start time', async () => {
  await using temp = await tempDir();
  const child = await spawnDetached('sleep', ['60'], { logFile: join(temp.path, 'log') });
  expect(() => process.kill(-child.pid, 0)).not.toThrow();
  const startTime = await startTimeOf(child.pid);
  expect(startTime).toBeDefined();
  expect(startTime).not.toBe(await startTimeOf(process.pid));
  expect(await waitUntilGone(child.pid, 0)).toBe(false);
  child.kill('SIGTERM');
  expect(await child.exited).toMatchObject({ code: null, signal: 'SIGTERM' });
  expect(await waitUntilGone(child.pid, 0)).toBe(true);
  signalProcess(child.pid, 'SIGTERM');
});

test('tells a missing program from one that may not be run', async () => {
  await using temp = await tempDir();
  const logFile = join(temp.path, 'log');
  await expect(spawnDetached('/nonexistent', [], { logFile })).rejects.toMatchObject({
    code: 'TOOL_MISSING',
  });
  await expect(spawnDetached(temp.path, [], { logFile })).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
  });
});

test('reads only the end of a long log, and nothing where there is none', async () => {
  await using temp = await tempDir();
  const logFile = join(temp.path, 'log');
  const child = await spawnDetached('sh', ['-c', 'seq 1 100000'], { logFile });
  const { stderrTail } = await child.exited;
  expect(stderrTail.endsWith('99999\n100000')).toBe(true);
  expect(stderrTail.length).toBeLessThanOrEqual(4096);
  expect(await readTail(join(temp.path, 'none'))).toBe('');
});

test('gives a process a file to read, and minds neither one that is not there nor a process that reads none of it', async () => {
  await using temp = await tempDir();
  const [inputFile, logFile] = [join(temp.path, 'input'), join(temp.path, 'log')];
  await writeFile(inputFile, 'x'.repeat(3_000_000));
  const counted = async (file: string, command: string) => {
    const { exited } = await spawnDetached('sh', ['-c', command], { logFile, inputFile: file });
    return (await exited).stderrTail.trim().split('\n').at(-1);
  };
  expect(await counted(inputFile, 'wc -c <&3')).toBe('3000000');
  expect(await counted(join(temp.path, 'nothing'), 'wc -c <&3')).toBe('0');
  expect(await counted(inputFile, 'echo none')).toBe('none');
});
