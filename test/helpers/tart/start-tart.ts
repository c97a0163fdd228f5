import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { until } from '../until.ts';
import { tartBin, type TartBench } from './index.ts';

/** `tart run`, once it counts as running, or has ended. */
export async function startTart(bench: TartBench, name: string) {
  const child = spawn(tartBin, ['run', name, '--no-graphics'], {
    env: { ...process.env, ...bench.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors] = [text(child.stdout), text(child.stderr)];
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  await until(
    'it runs, or has ended',
    async () => child.exitCode !== null || (await bench.stateOf(name)) === 'running',
  );
  return { child, exit, out, errors };
}
