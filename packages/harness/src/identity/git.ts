import { HarnessError, systemCode } from '../errors.ts';
import { redaction } from '../log.ts';
import { type ProgramResult, runProgram } from '../program/run-program.ts';
import { safeEnv } from '../program/safe-env.ts';
import { credentialEnv, type GitCredentials, gitTarget } from './git-credentials.ts';
import { assertPlain, gitUrl, withoutCredentials } from './git-url.ts';

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;
const STDERR_TAIL = 600;
/** What of the harness's environment is git's own business. */
const INHERITED = ['SSH_AUTH_SOCK', 'GIT_SSL_CAINFO', 'GIT_SSL_NO_VERIFY'] as const;

/** What is cloned, with what, and how long it may take. */
export interface CloneRequest {
  readonly url: string;
  readonly ref?: string | undefined;
  /** The session's environment, which may hold a token. Secret. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Clones a repository into an empty folder, without its history. Returns the commit. `ref`: branch, tag or commit. */
export async function gitClone(directory: string, request: CloneRequest): Promise<string> {
  assertPlain('url', request.url);
  assertPlain('ref', request.ref ?? '');
  const { url, credentials } = gitTarget(gitUrl(request.url), request.env);
  const git = new Git(directory, request, credentials);
  if (request.ref !== undefined && COMMIT.test(request.ref)) {
    await git.run('init', '--quiet');
    await git.run('remote', 'add', '--', 'origin', url);
    await git.run(
      'fetch',
      '--quiet',
      '--depth',
      '1',
      '--end-of-options',
      'origin',
      request.ref.toLowerCase(),
    );
    await git.run('checkout', '--quiet', '--detach', 'FETCH_HEAD');
  } else {
    const branch = request.ref === undefined ? [] : [`--branch=${request.ref}`];
    await git.run('clone', '--quiet', '--depth', '1', ...branch, '--end-of-options', url, '.');
  }
  return (await git.run('rev-parse', 'HEAD')).trim();
}

/** Runs git commands that share a folder, a login and a deadline. */
class Git {
  readonly #directory: string;
  readonly #request: CloneRequest;
  readonly #credentials: GitCredentials | undefined;
  readonly #deadline: number;

  constructor(directory: string, request: CloneRequest, credentials: GitCredentials | undefined) {
    this.#directory = directory;
    this.#request = request;
    this.#credentials = credentials;
    this.#deadline = performance.now() + request.timeoutMs;
  }

  async run(...args: string[]): Promise<string> {
    const result = await runProgram({
      command: 'git',
      args,
      cwd: this.#directory,
      env: { ...gitEnv(), ...(this.#credentials ? credentialEnv(this.#credentials) : {}) },
      timeoutMs: Math.max(this.#deadline - performance.now(), 0),
      signal: this.#request.signal,
    }).catch((cause: unknown) => {
      if (systemCode(cause) !== 'ENOENT') throw cause;
      throw new HarnessError('INTERNAL', 500, 'git is not installed where the harness runs', { cause });
    });
    if (result.exitCode !== 0) throw this.#failure(result);
    return result.stdout;
  }

  #failure({ stderr, timedOut }: ProgramResult): HarnessError {
    const { url, timeoutMs } = this.#request;
    const shown = withoutCredentials(url);
    if (timedOut) return new HarnessError('INTERNAL', 500, `git clone of ${shown} took over ${timeoutMs} ms`);
    const redact = redaction(this.#credentials ? [this.#credentials.password] : []);
    const why = redact(withoutCredentials(stderr.trim().slice(-STDERR_TAIL)));
    return new HarnessError('VALIDATION', 400, `git clone of ${shown} failed: ${why}`);
  }
}

function gitEnv(): Record<string, string> {
  return {
    ...safeEnv(process.env, INHERITED),
    // A private repository has to fail, not to ask a terminal that nobody sees.
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    GIT_ALLOW_PROTOCOL: 'http:https:git:ssh:file',
  };
}
