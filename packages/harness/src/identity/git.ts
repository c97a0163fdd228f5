import { HarnessError, systemCode } from '../errors.ts';
import { gitUrl, withoutCredentials } from './git-url.ts';
import { type GitResult, runGit } from './run-git.ts';

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
  const git = (...args: string[]): Promise<string> => outputOf(directory, args, request, deadline);
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

async function outputOf(
  cwd: string,
  args: readonly string[],
  request: CloneRequest,
  deadline: AbortSignal,
): Promise<string> {
  const result = await runGit(cwd, args, deadline).catch((cause: unknown) => {
    if (systemCode(cause) !== 'ENOENT') throw cause;
    throw new HarnessError('INTERNAL', 500, 'git is not installed where the harness runs', { cause });
  });
  if (result.exitCode === 0) return result.stdout;
  request.signal.throwIfAborted();
  throw cloneFailed(result, request, deadline.aborted);
}

function cloneFailed({ stderr }: GitResult, request: CloneRequest, late: boolean): HarnessError {
  const url = withoutCredentials(request.url);
  if (late) return new HarnessError('INTERNAL', 500, `git clone of ${url} took over ${request.timeoutMs} ms`);
  const why = withoutCredentials(stderr.trim().slice(-STDERR_TAIL));
  return new HarnessError('VALIDATION', 400, `git clone of ${url} failed: ${why}`);
}
