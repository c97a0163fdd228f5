import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { VZVMSubstrateOptions } from '../../src/index.ts';

const program = fileURLToPath(new URL('detach-program.ts', import.meta.url));

/** What a program tells of a VM that it gave to nobody. */
export interface Given {
  readonly name: string;
  readonly baseUrl: string;
  readonly expiresAt: number;
}

/** Runs a program that boots a VM, gives it to nobody and ends. */
export async function detached(options: VZVMSubstrateOptions, ttlMs: number): Promise<Given> {
  const args = ['--conditions=source', '--no-warnings', program, JSON.stringify(options), String(ttlMs)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output = text(child.stdout);
  const [status] = (await once(child, 'exit')) as [number | null];
  expect(status).toBe(0);
  return JSON.parse(await output) as Given;
}
