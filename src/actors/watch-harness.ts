import { fromPromise } from 'xstate';
import { harnessWatch } from './harness-watch.ts';
import type { ActorDeps, HarnessExit } from './session.ts';
import type { VmRef } from './step.ts';

/** Resolves when the harness ends, for as long as the VM is in use; rejects when it can no longer be seen. */
export const watchHarness = (deps: ActorDeps) =>
  fromPromise<HarnessExit, VmRef>(async ({ input, signal }) => {
    const vm = deps.session(input.vmId);
    if (vm.snapshotable) return untilAborted(signal);
    // A fork's harness was spawned in its template; nobody can log in to look at it before its machine is renewed.
    if (vm.template !== undefined) await (vm.parking ?? vm.copy)?.renewed.promise;
    return (await harnessWatch(vm, signal)).ended;
  });

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
