import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HarnessError, systemCode } from '../errors.ts';
import { gitUrl, withoutCredentials } from './git-url.ts';

const execFileAsync = promisify(execFile);

const COMMIT = /^[0-9a-f]{40}$/;
const STDERR_TAIL = 600;

/** What is cloned, and how long it may take. */
export interface CloneRequest {
  readonly url: string;
  readonly ref?: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Clones a repository into an empty folder, without its history. Returns the commit. `ref`: branch, tag or commit. */
export async function gitClone(directory: string, request: CloneRequest): Promise<string> {
  const url = gitUrl(request.url);
  const deadline = AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs)]);
  const git = (...args: string[]): Promise<string> => runGit(directory, args, request, deadline);
  if (request.ref !== undefined && COMMIT.test(request.ref)) {
    await git('init', '--quiet');
    await git('fetch', '--quiet', '--depth', '1', '--end-of-options', url, request.ref);
    await git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
  } else {
    const branch = request.ref === undefined ? [] : [`--branch=${request.ref}`];
    await git('clone', '--quiet', '--depth', '1', ...branch, '--end-of-options', url, '.');
  }
  return (await git('rev-parse', 'HEAD')).trim();
}

async function runGit(
  cwd: string,
  args: readonly string[],
  request: CloneRequest,
  signal: AbortSignal,
): Promise<string> {
  try {
    const { stdout } = await execFileAsync('git', [...args], {
      cwd,
      signal,
      env: gitEnv(),
      killSignal: 'SIGKILL',
    });
    return stdout;
  } catch (error) {
    request.signal.throwIfAborted();
    throw cloneFailed(error, request, signal.aborted);
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

function cloneFailed(error: unknown, request: CloneRequest, late: boolean): HarnessError {
  const url = withoutCredentials(request.url);
  if (systemCode(error) === 'ENOENT') {
    return new HarnessError('INTERNAL', 500, 'git is not installed where the harness runs', { cause: error });
  }
  if (late) return new HarnessError('INTERNAL', 500, `git clone of ${url} took over ${request.timeoutMs} ms`);
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  const why = withoutCredentials(stderr.trim().slice(-STDERR_TAIL));
  return new HarnessError('VALIDATION', 400, `git clone of ${url} failed: ${why}`, { cause: error });
}
