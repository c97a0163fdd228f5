import type { VmSession } from '../actors/index.ts';
import type { StepTimeouts, VmInput } from '../machines/vm/index.ts';
import type { VZVMSubstrateOptions } from './options.ts';

/** The machine's input: plain JSON, no secret. */
export function machineInput(session: VmSession, options: VZVMSubstrateOptions): VmInput {
  return {
    vmId: session.name,
    image: session.image.ref,
    keepOnFailure: options.keepOnFailure ?? false,
    keepsImage: session.keep !== undefined,
    // What was taken over has everything, as a fork has.
    isFork: session.template !== undefined || session.isAdopted === true,
    timeoutsMs: { ...readinessTimeouts(options.readinessTimeoutMs), ...options.timeouts },
    ...(options.retries ? { retries: options.retries } : {}),
    ...(options.readinessPollMs === undefined ? {} : { pollMs: options.readinessPollMs }),
  };
}

/** One number for the three waits, as the option has always meant. */
function readinessTimeouts(ms: number | undefined): Partial<StepTimeouts> {
  return ms === undefined ? {} : { 'ip-polling': ms, 'ssh-connect': ms, spawn: ms };
}
