import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** How a git command ended. */
export interface GitResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs git. When the signal aborts, git is ended with all that it started: its transports are programs of their own,
 * and one that waits for a silent server would not notice that git is gone.
 */
export async function runGit(cwd: string, args: readonly string[], signal: AbortSignal): Promise<GitResult> {
  signal.throwIfAborted();
  const child = spawn('git', [...args], {
    cwd,
    env: gitEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Leads a process group, so that the group can be ended.
    detached: true,
  });
  const kill = (): void => killGroup(child.pid);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const [[exitCode], stdout, stderr] = await Promise.all([
      once(child, 'close') as Promise<[number | null]>,
      text(child.stdout),
      text(child.stderr),
    ]);
    return { exitCode, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already, which is what is wanted.
  }
}

function gitEnv(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    // A private repository has to fail, not to ask a terminal that nobody sees.
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    GIT_ALLOW_PROTOCOL: 'http:https:git:ssh:file',
  };
}
