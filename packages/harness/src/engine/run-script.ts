import { locate } from '../fs/locate.ts';
import type { Script } from '../identity/parts.ts';
import { type ProgramResult, runProgram } from '../program/run-program.ts';
import { safeEnv } from '../program/safe-env.ts';
import type { EngineRun } from './engine.ts';

/** What a script is given beside what it says itself. */
export interface ScriptInput {
  readonly stdin: string;
  readonly signal?: AbortSignal | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program of the identity's in the session's folder. It gets the session's environment, which its owner gave
 * it, and nothing of the harness's own.
 */
export async function runScript(
  run: Pick<EngineRun, 'cwd' | 'env' | 'signal'>,
  { command, args, cwd, env, timeoutMs }: Script,
  input: ScriptInput,
): Promise<ProgramResult> {
  const own = { ...safeEnv(process.env), ...run.env, CLAUDE_PROJECT_DIR: run.cwd, ...env };
  return runProgram({
    command,
    args,
    cwd: await folderOf(run.cwd, cwd),
    env: { ...withoutTaken(input.env ?? {}, own), ...own },
    stdin: input.stdin,
    timeoutMs,
    signal: input.signal ? AbortSignal.any([run.signal, input.signal]) : run.signal,
  });
}

/** Variables by which a program could be made to run another one. */
const DANGEROUS = /^(?:LD_|DYLD_|BASH_ENV$|ENV$|IFS$|NODE_OPTIONS$|PYTHON|PERL|RUBY|GIT_)/;

/** A model chooses arguments: one that is called `path` must not become the PATH. */
function withoutTaken(
  wanted: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const free = ([name]: [string, string]): boolean => !Object.hasOwn(own, name) && !DANGEROUS.test(name);
  return Object.fromEntries(Object.entries(wanted).filter(free));
}

async function folderOf(root: string, path: string): Promise<string> {
  await using place = await locate(root, path, { follow: true });
  await using folder = await place.folder.child(place.name);
  return folder?.path ?? root;
}
