import { fromPromise } from 'xstate';
import { VzvmError } from '../errors.ts';
import type { ActorDeps, HarnessExit } from './session.ts';
import type { VmRef } from './step.ts';

/** Resolves when the harness ends, for as long as the VM is in use. */
export const watchHarness = (deps: ActorDeps) =>
  fromPromise<HarnessExit, VmRef>(async ({ input }) => {
    const vm = deps.session(input.vmId);
    if (!vm.harnessExit) throw new VzvmError('INTERNAL', 'the harness is watched before it was spawned');
    return vm.harnessExit;
  });
