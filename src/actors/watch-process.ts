import { fromPromise } from 'xstate';
import type { ExitReport } from '../drivers/driver.ts';
import { VzvmError } from '../errors.ts';
import type { ActorDeps } from './session.ts';
import type { VmRef } from './step.ts';

/** Resolves when the hypervisor process exits, with the guest's console where its own output says nothing. */
export const watchProcess = (deps: ActorDeps) =>
  fromPromise<ExitReport, VmRef>(async ({ input }) => {
    const vm = deps.session(input.vmId);
    if (!vm.process) throw new VzvmError('INTERNAL', 'the guest process is watched before it was started');
    const report = await vm.process.exited;
    if (report.stderrTail !== '') return report;
    return { ...report, stderrTail: await vm.driver.consoleTail(vm.name).catch(() => '') };
  });
