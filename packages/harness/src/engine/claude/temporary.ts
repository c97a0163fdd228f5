import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '../../session/remove-tree.ts';

/** The environment that gives a run's temporary files a folder, which goes with the run. */
export interface Temporary extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The engine's program removes none of its temporary files: in the system's folder each session would leave some. The name
 * is short, because the program takes a long path for none that sockets of its commands could be in.
 */
export async function temporaryFolder(): Promise<Temporary> {
  const folder = await mkdtemp(join(tmpdir(), 'computeragent-'));
  return {
    env: { CLAUDE_CODE_TMPDIR: folder },
    [Symbol.asyncDispose]: () => removeTree(folder),
  };
}
