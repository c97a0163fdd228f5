import { withTraceparent } from '../drivers/trace-context.ts';
import type { ActorDeps, VmSession } from './session.ts';

/** The input of every actor: ids only, so that snapshots and inspectors never see a handle or a secret. */
export interface VmRef {
  readonly vmId: string;
}

/**
 * One attempt of one step: looks the VM's session up, lets the release wait for the work, and keeps the error whole
 * beside the machine (its context holds plain JSON only).
 */
export function step<T>(deps: ActorDeps, work: (vm: VmSession, signal: AbortSignal) => Promise<T>) {
  return async ({ input, signal }: { input: VmRef; signal: AbortSignal }): Promise<T> => {
    const vm = deps.session(input.vmId);
    try {
      return await withTraceparent(vm.spans?.traceparent, () => vm.scope.track(work(vm, signal)));
    } catch (error) {
      if (signal.aborted) throw error;
      vm.lastError = error;
      vm.consoleAtFailure = await vm.driver.consoleTail(vm.name).catch(() => '');
      throw error;
    }
  };
}
