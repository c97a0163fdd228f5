import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClaudeProcess } from '../../../src/engine/claude/claude-process.ts';

const UP = `process.stdout.write('up'); setInterval(() => undefined, 1_000);`;
const STUBBORN = `process.on('SIGTERM', () => process.stdout.write('asked')); ${UP}`;

/** A program of the engine that is up, and what it was sent. */
async function started(program: ClaudeProcess, script: string) {
  const child = program.spawnClaudeCodeProcess({
    command: process.execPath,
    args: ['-e', script],
    cwd: tmpdir(),
    env: {},
    signal: new AbortController().signal,
  }) as ChildProcess;
  const said = async (text: string) => {
    const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    expect(chunk.toString()).toBe(text);
  };
  await said('up');
  return { child, kill: vi.spyOn(child, 'kill'), said };
}

/** True once the system knows nothing of it. */
const isGone = ({ pid = 0 }: ChildProcess): boolean => {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
};

describe('the end of an engine’s program', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('is forced two seconds after it was asked to and did not', async () => {
    const program = new ClaudeProcess(() => undefined);
    const { child, kill, said } = await started(program, STUBBORN);
    let hasEnded = false;
    const ended = program.end().then(() => (hasEnded = true));
    vi.advanceTimersByTime(499);
    expect(kill).not.toHaveBeenCalled();
    const asked = said('asked');
    vi.advanceTimersByTime(1);
    await asked;
    vi.advanceTimersByTime(1_999);
    await turn();
    expect([hasEnded, child.exitCode, child.signalCode]).toEqual([false, null, null]);
    vi.advanceTimersByTime(1);
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
    expect(isGone(child)).toBe(true);
  });

  it('is by itself, where it heeds what it is asked', async () => {
    const program = new ClaudeProcess(() => undefined);
    const { child, kill } = await started(program, UP);
    const ended = program.end();
    vi.advanceTimersByTime(500);
    await ended;
    vi.advanceTimersByTime(10_000);
    expect(kill.mock.calls).toEqual([['SIGTERM']]);
    expect([child.signalCode, isGone(child)]).toEqual(['SIGTERM', true]);
  });

  it('needs no signal where it has nothing more to do', async () => {
    const program = new ClaudeProcess(() => undefined);
    const { child, kill } = await started(program, `process.stdin.resume(); process.stdout.write('up');`);
    const ended = program.end();
    child.stdin?.end();
    await ended;
    vi.advanceTimersByTime(10_000);
    expect(kill).not.toHaveBeenCalled();
    expect([child.exitCode, isGone(child)]).toEqual([0, true]);
  });
});
