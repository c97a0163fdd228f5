import { fromPromise } from 'xstate';
import { withTraceparent } from '../drivers/trace-context.ts';
import type { ActorDeps } from './session.ts';
import type { VmRef } from './step.ts';

/** Releases everything the VM holds, in reverse order, after what is still in flight has ended. */
export const release = (deps: ActorDeps) =>
  fromPromise<string[], VmRef>(({ input }) => {
    const { scope, spans } = deps.session(input.vmId);
    return withTraceparent(spans?.traceparent, () => scope.release());
  });
