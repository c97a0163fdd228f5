import { mountTag } from '../drivers/host-mount.ts';
import { VzvmError } from '../errors.ts';
import { mountFoldersCommand } from '../guest/index.ts';
import { execInGuest } from './guest-connection.ts';
import type { VmSession } from './session.ts';

const TIMEOUT_MS = 30_000;

/** Puts the host's folders where the guest is to see them. */
export async function mountFolders(vm: VmSession, signal: AbortSignal): Promise<void> {
  const { mounts } = vm.plan;
  if (mounts.length === 0) return;
  const offered = mounts.map(({ target, isWritable }, index) => ({
    tag: mountTag(index),
    target,
    isWritable,
  }));
  try {
    await execInGuest(vm, mountFoldersCommand(offered), { timeoutMs: TIMEOUT_MS, signal });
  } catch (error) {
    if (!(error instanceof VzvmError) || error.code !== 'COMMAND_FAILED') throw error;
    const targets = mounts.map(({ target }) => target).join(', ');
    throw new VzvmError('COMMAND_FAILED', `folders of the host could not be mounted at ${targets}`, {
      ...(error.exitCode === undefined ? {} : { exitCode: error.exitCode }),
      ...(error.stderrTail === undefined ? {} : { stderrTail: error.stderrTail }),
      facts: error.facts,
      hint: `the guest needs virtiofs (Linux 5.4 or newer) and sudo without a password; see for yourself: npx vzvm exec ${vm.name} -- sudo mount -t virtiofs ${mountTag(0)} /mnt`,
      cause: error,
    });
  }
}
