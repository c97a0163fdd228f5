import { fromPromise } from 'xstate';
import type { ActorDeps } from './session.ts';
import { step, type VmRef } from './step.ts';

/** One look at the guest's address; null: not yet. */
export const pollAddress = (deps: ActorDeps) =>
  fromPromise<string | null, VmRef>(
    step(deps, async (vm, signal) => {
      const address = await vm.driver.address(vm.name, signal);
      if (!address) return null;
      vm.address = address;
      return address.host;
    }),
  );
