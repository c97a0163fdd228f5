import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const file = fileURLToPath(new URL('signals-program.ts', import.meta.url));

/** The program, when it is ready, with its lines one by one. */
async function start(mode = '') {
  const child = spawn(process.execPath, ['--conditions=source', file, mode], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => ((await lines.next()) as { value: string }).value;
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  expect(await next()).toBe('ready');
  return { child, next, exit, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

describe('a signal that ends the process', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is waited with until all is ended: %s',
    async (signal) => {
      using program = await start();
      program.child.kill(signal);
      expect(await program.next()).toBe('ending');
      program.child.stdin.end();
      expect(await program.next()).toBe('ended');
      expect(await program.exit).toEqual([null, signal]);
    },
  );

  it('ends it at once when it comes again', async () => {
    using program = await start();
    program.child.kill('SIGINT');
    expect(await program.next()).toBe('ending');
    program.child.kill('SIGINT');
    expect(await program.exit).toEqual([null, 'SIGINT']);
    expect(await program.next()).toBeUndefined();
  });

  it('is the program’s own where it listens itself, and the second one ends it at once', async () => {
    using program = await start('listens');
    program.child.kill('SIGINT');
    expect(await program.next()).toBe('the program decides');
    program.child.kill('SIGINT');
    expect(await program.exit).toEqual([null, 'SIGINT']);
    expect(await program.next()).toBeUndefined();
  });
});
