import { type ChildProcess, spawn } from 'node:child_process';
import type { SpawnedProcess, SpawnOptions } from '@anthropic-ai/claude-agent-sdk';

/** How long the program may take to end by itself, once nothing is left to do; then it is asked to. */
const QUIET_MS = 500;
/** How long it may take when asked; then it is ended. */
const ASKED_MS = 2_000;

/**
 * The engine's program. Started here and not by the SDK, which is content once it has said that the program shall end:
 * a session is over, and its folder may go, when the program has ended.
 */
export class ClaudeProcess implements AsyncDisposable {
  readonly #onStderr: (text: string) => void;
  readonly #children: { readonly child: ChildProcess; readonly exited: Promise<void> }[] = [];

  constructor(onStderr: (text: string) => void) {
    this.#onStderr = onStderr;
  }

  /** For the SDK's option of the same name. */
  readonly spawnClaudeCodeProcess = ({ command, args, cwd, env }: SpawnOptions): SpawnedProcess => {
    // In the harness's process group: what ends the harness by force ends the program too.
    const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', this.#onStderr);
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    this.#children.push({ child, exited });
    return child;
  };

  /** Ends the program, by itself, asked, or forced, and resolves when it is gone. */
  async end(): Promise<void> {
    await Promise.all(
      this.#children.map(async ({ child, exited }) => {
        const asked = setTimeout(() => child.kill('SIGTERM'), QUIET_MS);
        const forced = setTimeout(() => child.kill('SIGKILL'), QUIET_MS + ASKED_MS);
        await exited;
        clearTimeout(asked);
        clearTimeout(forced);
      }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}
