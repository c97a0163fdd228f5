import { fromPromise } from 'xstate';
import type { ActorDeps } from './session.ts';
import { own } from './own.ts';
import { step, type VmRef } from './step.ts';

/** Makes the guest's disk and settings. Release is registered first: an aborted clone may have made something. */
export const clone = (deps: ActorDeps) =>
  fromPromise<void, VmRef>(
    step(deps, async (vm, signal) => {
      await own(vm, signal);
      await vm.driver.clone(
        {
          image: vm.image,
          guest: vm.name,
          resources: vm.plan.resources,
          user: vm.plan.user,
          authorizedKey: vm.keys.publicKey,
          ...(vm.snapshotable === true ? { snapshotable: true } : {}),
        },
        signal,
      );
    }),
  );
