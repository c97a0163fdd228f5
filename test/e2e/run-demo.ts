import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Place } from './outside.ts';

/** How a demo ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** QEMU processes seen at the interrupt: proof that there was something to remove. */
  readonly running: readonly string[];
}

/** Runs the demo as a user does, without a key, and interrupts it when a state is named. */
export async function demo(
  place: Place,
  args: string[],
  options: { cacheDir?: string; interruptAt?: string } = {},
): Promise<Ended> {
  const { ANTHROPIC_API_KEY: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--conditions=source', 'examples/vzvm-demo.ts', ...args], {
    env: {
      ...env,
      VZVM_HOME: place.stateDir,
      TMPDIR: place.temporary,
      ...(options.cacheDir === undefined ? {} : { VZVM_CACHE: options.cacheDir }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  let interrupted: Promise<readonly string[]> | undefined;
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    if (options.interruptAt === undefined || interrupted || !stderr.includes(`: ${options.interruptAt}`))
      return;
    interrupted = place.look().then(({ processes }) => {
      child.kill('SIGINT');
      return processes;
    });
  });
  const [stdout, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, stdout, stderr, running: (await interrupted) ?? [] };
}
