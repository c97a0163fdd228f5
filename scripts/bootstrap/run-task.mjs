import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs a command on the project's own Node and answers its exit status.
 * Signals are the child's to handle: it ends its VM first, and we wait for that.
 */
export function runTask(args) {
  const bin = join(root, 'node_modules', 'node', 'bin');
  const child = spawn(join(bin, 'node'), args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // A terminal sends Ctrl-C to the whole process group, so the child has it already.
  const forward = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal));
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve) => {
    const end = (status) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(status);
    };
    child.once('error', (error) => {
      console.error(`bootstrap: ${error.message}`);
      end(1);
    });
    child.once('exit', (code, signal) => end(code ?? 128 + (constants.signals[signal] ?? 1)));
  });
}
