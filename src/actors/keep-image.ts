import { fromPromise } from 'xstate';
import { isAborted, messageOf } from '../errors.ts';
import { sealCommand, unsealCommand, warmUpCommand } from '../guest/index.ts';
import { execInGuest } from './guest-connection.ts';
import type { ActorDeps, ImageToKeep, VmSession } from './session.ts';
import { step, type VmRef } from './step.ts';

const SEAL_TIMEOUT_MS = 60_000;
const WARM_UP_TIMEOUT_MS = 60_000;

/**
 * Keeps the running guest's disk as an image. While the driver freezes it, the guest's identity is in memory only.
 * Why the disk could not be kept is an answer; a guest that did not get its identity back is a failure.
 */
export const keepImage = (deps: ActorDeps) =>
  fromPromise<string | null, VmRef>(
    step(deps, async (vm, signal) => {
      if (!vm.keep) return 'nothing says what the image is to be';
      try {
        await sealGuest(vm, vm.keep, signal);
        await keep(vm, vm.keep, signal);
        return null;
      } catch (error) {
        if (isAborted(error) || signal.aborted) throw error;
        return messageOf(error);
      } finally {
        // Also after a seal that failed in the middle: what it has put aside is put back.
        if (!signal.aborted)
          await execInGuest(vm, unsealCommand(vm.plan), { timeoutMs: SEAL_TIMEOUT_MS, signal });
      }
    }),
  );

/** Takes the guest's identity off its disk. Its private key is known to nobody where the driver puts a key into clones. */
export async function sealGuest(vm: VmSession, { login }: ImageToKeep, signal: AbortSignal): Promise<void> {
  const hasKey = login !== undefined;
  await warmUp(vm, signal);
  await execInGuest(vm, sealCommand({ user: vm.plan.user, hasKey }), {
    timeoutMs: SEAL_TIMEOUT_MS,
    signal,
    ...(hasKey ? { input: `${login.publicKey}\n` } : {}),
  });
}

/** An image without it is as good, but for the time that each start takes. */
async function warmUp(vm: VmSession, signal: AbortSignal): Promise<void> {
  const command = warmUpCommand({ directory: vm.plan.directory });
  try {
    await execInGuest(vm, command, { timeoutMs: WARM_UP_TIMEOUT_MS, signal });
  } catch (error) {
    if (isAborted(error) || signal.aborted) throw error;
    vm.log(`the harness was not compiled beforehand: ${messageOf(error)}`);
  }
}

async function keep(vm: VmSession, image: ImageToKeep, signal: AbortSignal): Promise<void> {
  const { key, description, base, login } = image;
  await vm.driver.keepImage(
    {
      guest: vm.name,
      key,
      base,
      description,
      login: { user: vm.plan.user, ...(login === undefined ? {} : { privateKey: login.privateKey }) },
    },
    signal,
  );
}
