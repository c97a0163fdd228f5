import { messageOf } from '../errors.ts';
import type { VmSession } from './session.ts';

/** The disk is thrown away, so nobody waits for a polite shutdown. */
const STOP_GRACE_MS = 0;

/** Registers how the guest's files are released, and writes down that there may be some from now on. */
export async function own(vm: VmSession, signal: AbortSignal): Promise<void> {
  vm.scope.add('guest files', async () => {
    if (vm.isDetached) return;
    await deleteGuest(vm);
    await vm.owned?.forget();
  });
  await vm.owned?.intend(signal);
}

/** It may be done twice, and a VM that is left behind is worse than a call too many. */
async function deleteGuest({ driver, name, log }: VmSession): Promise<void> {
  try {
    await driver.delete(name);
  } catch (error) {
    log(`it could not be deleted, which is tried once more: ${messageOf(error)}`);
    await driver.delete(name);
  }
}

/** Registers how the guest's process is released: before its files, whose removal ends it, too, or fails. */
export function ownProcess(vm: VmSession): void {
  vm.scope.add('guest process', async () => {
    if (vm.isDetached) return;
    try {
      await vm.driver.stop(vm.name, STOP_GRACE_MS);
    } catch (error) {
      vm.log(`it could not be stopped, and is deleted all the same: ${messageOf(error)}`);
    }
  });
}
