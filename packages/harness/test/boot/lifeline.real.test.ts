import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isRunning } from '../../../../test/helpers/processes.ts';
import { HARNESS_MARK, harnessNodeArgs, harnessProgram } from '../../src/host/index.ts';

const ENDLESS = ['-e', 'process.on("SIGTERM", () => 0); setInterval(() => 0, 1000); console.log(1)'];

/** A harness at the head of a process group, and a process far from it that bears its mark. */
async function start(config: object) {
  const env = { PATH: process.env['PATH'], [HARNESS_MARK]: `test-${process.pid}-${Math.random()}` };
  const harness = spawn(process.execPath, [...harnessNodeArgs, harnessProgram, '--config-stdin'], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const stray = spawn(process.execPath, ENDLESS, {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  harness.stdin.write(`${JSON.stringify({ host: '127.0.0.1', port: 0, ...config })}\n`);
  await Promise.all([once(harness.stdout, 'data'), once(stray.stdout, 'data')]);
  const ends = [harness, stray].map((child) => once(child, 'exit'));
  const kill = async (): Promise<void> => {
    for (const child of [harness, stray]) child.kill('SIGKILL');
    await Promise.all(ends);
  };
  return { harness, stray, ends, [Symbol.asyncDispose]: kill };
}

describe('the lifeline of a harness', () => {
  it('is its standard input: at its end the harness ends, and all that bears its mark', async () => {
    await using running = await start({ lifeline: true });
    running.harness.stdin.end();
    const [[, harnessSignal], [, straySignal]] = (await Promise.all(running.ends)) as [unknown[], unknown[]];
    expect([harnessSignal, straySignal]).toEqual(['SIGKILL', 'SIGKILL']);
  });

  it('leaves a harness that was asked to end its exit status', async () => {
    await using running = await start({ lifeline: true });
    running.harness.kill('SIGTERM');
    const [[code], [, signal]] = (await Promise.all(running.ends)) as [unknown[], unknown[]];
    expect([code, signal]).toEqual([0, 'SIGKILL']);
  });

  it('is there only where it was asked for', async () => {
    await using running = await start({});
    running.harness.stdin.end();
    await once(running.harness.stdin, 'close');
    expect(isRunning(running.harness.pid as number)).toBe(true);
    running.harness.kill('SIGTERM');
    expect((await running.ends[0])?.[0]).toBe(0);
    expect(isRunning(running.stray.pid as number)).toBe(true);
  });
});

it('names the program that Node runs', () => {
  expect(harnessProgram).toBe(fileURLToPath(new URL('../../src/main.ts', import.meta.url)));
});
