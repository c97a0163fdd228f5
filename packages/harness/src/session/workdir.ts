import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from './session.ts';

const FOLDER = 'computeragent-sessions';

/** Makes a session's working directory, readable for nobody else. */
export async function makeWorkdir(base: string | undefined, sessionId: string): Promise<string> {
  const folder = join(base ?? tmpdir(), FOLDER);
  await mkdir(folder, { recursive: true });
  const workdir = await mkdtemp(join(folder, `${sessionId}-`));
  await chmod(workdir, 0o700);
  return realpath(workdir);
}

/** Removes a working directory with everything in it. */
export async function removeWorkdir(workdir: string): Promise<void> {
  await rm(workdir, { recursive: true, force: true, maxRetries: 3 });
}

/** Ends a session, waits for it, then removes its files. */
export async function disposeSession(session: Session): Promise<void> {
  await session.stop();
  await removeWorkdir(session.init.workdir);
}
