import { readFile } from 'node:fs/promises';

/** What a guest of a built image says on its console once its sshd listens. */
export const READY_LINE = 'vzvm: sshd is ready';

/**
 * Whether a guest has said so. QEMU accepts connections for it long before: those come to nothing, or all at once
 * when it has other things to do.
 */
export async function hasAnnounced(consoleFile: string): Promise<boolean> {
  const said = await readFile(consoleFile, 'latin1').catch(() => ''); // It has not said anything.
  return said.includes(READY_LINE);
}
