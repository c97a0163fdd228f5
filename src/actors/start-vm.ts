import { fromPromise } from 'xstate';
import type { ActorDeps } from './session.ts';
import { step, type VmRef } from './step.ts';

/** The disk is thrown away, so nobody waits for a polite shutdown. */
const STOP_GRACE_MS = 0;

/** Starts the hypervisor process. */
export const startVm = (deps: ActorDeps) =>
  fromPromise<void, VmRef>(
    step(deps, async (vm, signal) => {
      vm.scope.add('guest process', () => vm.driver.stop(vm.name, STOP_GRACE_MS));
      vm.process = await vm.driver.start(vm.name, signal);
    }),
  );
