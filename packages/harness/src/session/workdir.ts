import { mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemCode } from '../errors.ts';
import { isPrivateFolder } from './private-folder.ts';
import { removeTree } from './remove-tree.ts';
import type { Session } from './session.ts';

const FOLDER = 'computeragent-sessions';
/** In the system's temporary folder, which all users share. */
const OF_USER = `${FOLDER}-${process.getuid?.() ?? 'own'}`;

/**
 * Makes a session's working directory, readable for nobody else. One that is `stable` has the same path each time, as far
 * as nobody else has it: a conversation that goes on finds itself where it was. Where somebody else has the folder of all
 * sessions, it is made beside that, under a name that cannot be guessed.
 */
export async function makeWorkdir(
  base: string | undefined,
  sessionId: string,
  { stable }: { readonly stable: boolean },
): Promise<string> {
  const folder = base === undefined ? join(tmpdir(), OF_USER) : join(base, FOLDER);
  if (!(await isPrivateFolder(folder))) {
    return realpath(await mkdtemp(join(dirname(folder), `${FOLDER}-${sessionId}-`)));
  }
  const own = stable ? await madeNew(join(folder, sessionId)) : undefined;
  return realpath(own ?? (await mkdtemp(join(folder, `${sessionId}-`))));
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
