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
      // A fork is cloned and started in one, and one that is taken over runs already.
      if (vm.template !== undefined || vm.isAdopted) await own(vm, signal);
      ownProcess(vm);
      vm.process = await started(vm, signal);
    }),
  );

function started(vm: VmSession, signal: AbortSignal): Promise<GuestProcess> {
  const { driver, name, template } = vm;
  if (vm.isAdopted) return adopted(vm, signal);
  if (template === undefined) return driver.start(name, signal);
  if (driver.snapshots) return driver.snapshots.fork({ guest: name, key: template }, signal);
  throw new VzvmError('UNSUPPORTED', `the driver ${driver.name} cannot start a VM from a template`, {
    facts: { driver: driver.name },
    hint: 'use the qemu driver, or a warm pool',
  });
}

async function adopted({ driver, name }: VmSession, signal: AbortSignal): Promise<GuestProcess> {
  const process = await driver.adopt?.(name, signal);
  if (process) return process;
  throw new VzvmError('GUEST_EXITED', `${name} does not run any more`, {
    facts: { guest: name },
    hint: `remove what is left of it: npx vzvm rm ${name}`,
  });
}
