import { fromPromise } from 'xstate';
import { VzvmError } from '../errors.ts';
import { parseProbe, probeCommand } from '../guest/index.ts';
import type { GuestFacts } from '../machines/vm/index.ts';
import { execInGuest, guestConnection, installOwnKey } from './guest-connection.ts';
import type { ActorDeps } from './session.ts';
import { step, type VmRef } from './step.ts';

/** Guests with an older Node get a new one; every newer one is kept. */
const OLDEST_NODE_MAJOR = 20;

/** First contact: connects, installs the VM's own key, and learns in one round trip what the guest already has. */
export const connect = (deps: ActorDeps) =>
  fromPromise<GuestFacts, VmRef>(
    step(deps, async (vm, signal) => {
      const connection = await guestConnection(vm, signal);
      await installOwnKey(vm, connection, signal);
      await forwardHostPorts(vm, connection);
      const output = await execInGuest(vm, probeCommand({ directory: vm.plan.directory }), {
        timeoutMs: 60_000,
        signal,
      });
      const probe = parseProbe(output);
      vm.probe = probe;
      return {
        harnessUploaded: probe.harnessDigest === vm.payload.harnessDigest,
        nodeReady: probe.npm && (probe.nodeMajor ?? 0) >= OLDEST_NODE_MAJOR,
        packagesReady: probe.packagesDigest === vm.payload.packagesDigest,
      };
    }),
  );

type Vm = Parameters<typeof guestConnection>[0];
type Connection = Awaited<ReturnType<typeof guestConnection>>;

/** Lets the guest reach ports of the host's loopback. */
export async function forwardHostPorts(vm: Vm, connection: Connection): Promise<void> {
  for (const [guestPort, hostPort] of vm.plan.hostPorts) {
    try {
      const forward = await connection.forwardReverse(hostPort, guestPort);
      vm.scope.add(`port ${guestPort} of the guest`, () => forward.close());
    } catch (error) {
      throw new VzvmError('PORT_TAKEN', `port ${guestPort} of the guest could not be forwarded to the host`, {
        facts: { guestPort, hostPort },
        hint: 'choose another guest port in hostPorts',
        cause: error,
      });
    }
  }
}
