import { normalize } from 'node:path';
import type { AgentFiles } from './agent-files.ts';

/** Programs that run scripts which are not executable by themselves, by the name's ending. */
const BY_ENDING: Readonly<Record<string, readonly string[]>> = {
  sh: ['bash'],
  bash: ['bash'],
  py: ['python3'],
  js: [process.execPath],
  mjs: [process.execPath],
  cjs: [process.execPath],
  ts: [process.execPath],
  rb: ['ruby'],
};

const BY_RUNTIME: Readonly<Record<string, readonly string[]>> = {
  node: [process.execPath],
  python3: ['python3'],
  python: ['python3'],
  bash: ['bash'],
  sh: ['sh'],
  deno: ['deno', 'run', '--allow-all'],
  ruby: ['ruby'],
  go: ['go', 'run'],
};

/** Longest that a script may be given: Node's timers take no more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const DEFAULT_TIMEOUT_MS = 30_000;

/** How long a script may take, from what its author wrote. */
export function timeoutOf(ms: number | undefined): number {
  return Math.min(ms ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
}

/**
 * How to start a script file: with the runtime that is named, else the one that its ending names, else by itself.
 * Undefined when it is in none of the folders. The path starts at the working directory.
 */
export async function scriptCommand(
  files: AgentFiles,
  script: string,
  folders: readonly string[],
  runtime?: string,
): Promise<readonly [string, ...string[]] | undefined> {
  for (const folder of folders) {
    const path = normalize(`${folder}/${script}`);
    if (path.startsWith('..') || !(await files.isFile(path))) continue;
    const ending = /\.(\w+)$/.exec(script)?.[1]?.toLowerCase() ?? '';
    const [command, ...args] = (runtime === undefined ? BY_ENDING[ending] : BY_RUNTIME[runtime]) ?? [];
    return command === undefined ? [`./${path}`] : [command, ...args, `./${path}`];
  }
  return undefined;
}
