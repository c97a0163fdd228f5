import { fromPromise } from 'xstate';
import type { GuestProcess } from '../drivers/driver.ts';
import { VzvmError } from '../errors.ts';
import { own, ownProcess } from './own.ts';
import type { ActorDeps, VmSession } from './session.ts';
import { step, type VmRef } from './step.ts';

/** Starts the hypervisor process. */
export const startVm = (deps: ActorDeps) =>
  fromPromise<void, VmRef>(
    step(deps, async (vm, signal) => {
      // A fork is cloned and started in one.
      if (vm.template !== undefined) await own(vm);
      ownProcess(vm);
      vm.process = await started(vm, signal);
    }),
  );

function started({ driver, name, template }: VmSession, signal: AbortSignal): Promise<GuestProcess> {
  if (template === undefined) return driver.start(name, signal);
  if (driver.snapshots) return driver.snapshots.fork({ guest: name, key: template }, signal);
  throw new VzvmError('UNSUPPORTED', `the driver ${driver.name} cannot start a VM from a template`, {
    facts: { driver: driver.name },
    hint: 'use the qemu driver, or a warm pool',
  });
}
