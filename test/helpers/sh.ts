import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** How a recipe ended. */
export interface ShResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a recipe as sshd does: the login shell gets it as one word. Resolves when both outputs are closed, so a process
 * that keeps them open is seen as one that keeps an SSH channel open.
 */
export async function sh(
  command: string,
  options: { shell?: string; input?: string; env?: Record<string, string | undefined> } = {},
): Promise<ShResult> {
  const child = spawn(options.shell ?? '/bin/sh', ['-c', command], {
    env: { ...process.env, ...options.env },
  });
  // A recipe may end without reading its input.
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, stdout, stderr };
}
