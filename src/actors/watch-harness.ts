import { fromPromise } from 'xstate';
import { guestConnection } from './guest-connection.ts';
import type { ActorDeps, HarnessExit } from './session.ts';
import { watch } from './spawn-harness.ts';
import type { VmRef } from './step.ts';

/** Resolves when the harness ends, for as long as the VM is in use. */
export const watchHarness = (deps: ActorDeps) =>
  fromPromise<HarnessExit, VmRef>(async ({ input, signal }) => {
    const vm = deps.session(input.vmId);
    if (vm.snapshotable) return untilAborted(signal);
    // A fork's harness was spawned in its template; nobody can log in to look at it before the claim.
    if (vm.template !== undefined && vm.parking) await vm.parking.claimed.promise;
    vm.harnessExit ??= watch(vm, await guestConnection(vm, signal));
    return vm.harnessExit;
  });

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
