import { ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { tempDir } from '../../../../test/helpers/temp.ts';
import { type Program, type ProgramResult, runProgram } from '../../src/program/run-program.ts';

const base = { cwd: tmpdir(), env: { PATH: process.env['PATH'] ?? '' }, timeoutMs: 30_000 };
const sh = (script: string, more: Partial<Program> = {}) =>
  runProgram({ ...base, command: 'sh', args: ['-c', script], ...more });

/** Waits until the process $p is in a session of its own. */
const LEFT = `while [ "$(cut -d' ' -f6 /proc/$p/stat)" != $p ]; do :; done`;

afterEach(() => void vi.restoreAllMocks());

/** True while a process runs: one that nobody has collected yet does not. */
async function lives(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) [ZX]/.test(stat);
}

it('gives a program its input and nothing of this process’s environment', async () => {
  const result = await sh('cat; echo $HOME >&2; exit 3', { stdin: 'hello' });
  expect(result).toEqual({ exitCode: 3, stdout: 'hello', stderr: '\n', timedOut: false, truncated: false });
});

it('does not mind a program that reads no input', async () => {
  expect(await sh('exit 0', { stdin: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0 });
});

it('ends a program whose time is over, with all that it started', async () => {
  // A busy machine may reach the deadline before there is anything: then it is given longer.
  let result: ProgramResult | undefined;
  for (let timeoutMs = 200; !result?.stdout; timeoutMs *= 4) {
    result = await sh('sleep 1000 & echo $!; wait', { timeoutMs });
    expect(result).toMatchObject({ exitCode: null, timedOut: true });
  }
  const pid = Number(result.stdout);
  await expect.poll(() => lives(pid)).toBe(false);
});

it('ends what a program leaves behind', async () => {
  const result = await sh('sleep 1000 & echo $!');
  expect(result).toMatchObject({ exitCode: 0, timedOut: false });
  await expect.poll(() => lives(Number(result.stdout))).toBe(false);
});

it('waits for no output of a program that has got away', async () => {
  const result = await sh(`setsid sleep 1000 & p=$!; ${LEFT}; echo $p`);
  const pid = Number(result.stdout);
  expect([result.exitCode, await lives(pid)]).toEqual([0, true]);
  process.kill(pid);
});

it('loses nothing that was written in time, however long this process is held up', async () => {
  await using temp = await tempDir();
  const [go, done] = [join(temp.path, 'go'), join(temp.path, 'done')];
  // Writes when the program has ended, from a session of its own: it is not ended with it.
  const late = `until [ -e ${go} ]; do :; done; echo late; : > ${done}`;
  const emit = Reflect.get(ChildProcess.prototype, 'emit') as (...args: unknown[]) => boolean;
  vi.spyOn(ChildProcess.prototype, 'emit').mockImplementation(function (
    this: ChildProcess,
    ...args: unknown[]
  ) {
    // After the wait for its outputs has begun.
    if (args[0] === 'exit') setImmediate(() => holdUp(go, done));
    return emit.apply(this, args);
  });
  const result = await sh(`setsid sh -c '${late}' & p=$!; ${LEFT}; echo early`);
  expect(result.stdout).toBe('early\nlate\n');
});

/** Lets it write, and lets nothing else happen here until it has, and for longer than outputs are waited for. */
function holdUp(go: string, done: string): void {
  writeFileSync(go, '');
  const begun = performance.now();
  const past = (ms: number): boolean => performance.now() - begun > ms;
  while (!past(600) || !(existsSync(done) || past(30_000)));
}

it('ends a program when it is aborted', async () => {
  const left = new AbortController();
  const result = sh('sleep 1000', { signal: left.signal });
  left.abort();
  await expect(result).rejects.toMatchObject({ name: 'AbortError' });
  await expect(sh('exit 0', { signal: left.signal })).rejects.toMatchObject({ name: 'AbortError' });
});

it('keeps the beginning of a flood', async () => {
  const result = await sh('yes | head -c 1000000', { maxOutputBytes: 10 });
  expect([result.stdout, result.truncated]).toEqual(['y\ny\ny\ny\ny\n', true]);
});

it('says why a program cannot be started', async () => {
  await expect(runProgram({ ...base, command: 'no-such-program', args: [] })).rejects.toMatchObject({
    code: 'ENOENT',
  });
});
