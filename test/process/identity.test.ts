import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { fateOf, identityOf } from '../../src/process/identity.ts';

describe('the identity of a process', () => {
  it('is found again while it runs, and not after', async () => {
    const child = spawn('sleep', ['1000']);
    const identity = await identityOf(child.pid ?? 0);
    expect(await fateOf(identity)).toBe('runs');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await fateOf(identity)).toBe('gone');
  });

  it('is not that of another process with the same number', async () => {
    const mine = await identityOf(process.pid);
    expect(await fateOf({ ...mine, startTime: '1' })).toBe('gone');
  });

  it('is gone after a reboot, whoever has its number now', async () => {
    const mine = await identityOf(process.pid);
    expect(await fateOf({ ...mine, bootId: 'another' })).toBe('gone');
  });

  it.each(['machine', 'namespace'] as const)('is not judged from another %s', async (which) => {
    const mine = await identityOf(process.pid);
    expect(await fateOf({ ...mine, [which]: 'another' })).toBe('unknown');
  });
});
