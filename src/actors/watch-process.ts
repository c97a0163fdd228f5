import { fromPromise } from 'xstate';
import type { ExitReport } from '../drivers/driver.ts';
import { VzvmError } from '../errors.ts';
import type { ActorDeps, VmSession } from './session.ts';
import type { VmRef } from './step.ts';

/**
 * Resolves when the hypervisor process exits, with the guest's console where its own output says nothing. Rejects when the
 * guest stands still for good.
 */
export const watchProcess = (deps: ActorDeps) =>
  fromPromise<ExitReport, VmRef>(async ({ input, signal }) => {
    const vm = deps.session(input.vmId);
    try {
      const report = await exitOf(vm, signal);
      if (report.stderrTail !== '') return report;
      return { ...report, stderrTail: await vm.driver.consoleTail(vm.name).catch(() => '') };
    } catch (error) {
      if (!signal.aborted) vm.lastError = error;
      throw error;
    }
  });

async function exitOf({ process, scope, log }: VmSession, signal: AbortSignal): Promise<ExitReport> {
  if (!process) throw new VzvmError('INTERNAL', 'the guest process is watched before it was started');
  const { exited, standstill } = process;
  if (!standstill) return exited;
  const over = new AbortController();
  const watching = standstill({ signal: AbortSignal.any([signal, scope.signal, over.signal]), log });
  try {
    return await Promise.race([exited, scope.track(watching).then(() => exited)]);
  } finally {
    over.abort();
  }
}
