import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isRunning, killed } from '../../src/process/end-process.ts';

describe('the end of a process', () => {
  it('is waited for, and told', async () => {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const exited = once(child, 'exit');
    expect(await killed({ pid, exited })).toEqual([null, 'SIGKILL']);
    expect(await isRunning(pid)).toBe(false);
  });

  it('is not waited for where it does not come', async () => {
    const child = spawn('true', { stdio: 'ignore' });
    await once(child, 'exit');
    const stuck = { pid: child.pid ?? 0, exited: new Promise<string>(() => undefined) };
    expect(await killed(stuck, 20)).toBeUndefined();
  });
});
