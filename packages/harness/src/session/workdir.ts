import { chmod, mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { removeTree } from './remove-tree.ts';
import type { Session } from './session.ts';

const FOLDER = 'computeragent-sessions';

/**
 * Makes a session's working directory, readable for nobody else. One that is `stable` has the same path each time, as far
 * as nobody else has it: a conversation that goes on finds itself where it was.
 */
export async function makeWorkdir(
  base: string | undefined,
  sessionId: string,
  { stable }: { readonly stable: boolean },
): Promise<string> {
  const folder = join(base ?? tmpdir(), FOLDER);
  await mkdir(folder, { recursive: true });
  const own = stable ? await madeNew(join(folder, sessionId)) : undefined;
  const path = own ?? (await mkdtemp(join(folder, `${sessionId}-`)));
  await chmod(path, 0o700);
  return realpath(path);
}

/** Removes a working directory with everything in it. */
export async function removeWorkdir(workdir: string): Promise<void> {
  await removeTree(workdir);
}

/** Ends a session, waits for it, then removes its files. */
export async function disposeSession(session: Session): Promise<void> {
  await session.stop();
  await removeWorkdir(session.init.workdir);
}

async function madeNew(path: string): Promise<string | undefined> {
  try {
    await mkdir(path, { mode: 0o700 });
    return path;
  } catch (error) {
    // Somebody's: another harness on this machine may be at work in it.
    if (systemCode(error) === 'EEXIST') return undefined;
    throw error;
  }
}
