import { VzvmError } from '../errors.ts';
import { listenLocally } from '../ssh/index.ts';
import { guestConnection } from './guest-connection.ts';
import type { VmSession } from './session.ts';

/** The port that the harness listens on in the guest. */
export const HARNESS_PORT = 7700;

/** Where the host reaches the harness: directly where the driver has a route, else by a forward on host loopback. */
export async function harnessUrl(vm: VmSession, signal: AbortSignal): Promise<string> {
  if (vm.harnessUrl !== undefined) return vm.harnessUrl;
  // Whether there is a way to a guest that somebody else has started is known once it was reached.
  if (vm.isAdopted) await guestConnection(vm, signal);
  if (vm.driver.features.directRoute) vm.harnessUrl = directUrl(vm);
  else vm.harnessUrl = await forwardedUrl(vm, signal);
  return vm.harnessUrl;
}

function directUrl(vm: VmSession): string {
  if (!vm.address)
    throw new VzvmError('INTERNAL', 'the harness is looked for before the guest has an address');
  const host = vm.address.host.includes(':') ? `[${vm.address.host}]` : vm.address.host;
  return `http://${host}:${vm.address.ports?.[HARNESS_PORT] ?? HARNESS_PORT}`;
}

/** The address is the VM's, whichever connection leads there at the time: each one may break. */
async function forwardedUrl(vm: VmSession, signal: AbortSignal): Promise<string> {
  await guestConnection(vm, signal);
  const forward = await listenLocally(async () => {
    const connection = await guestConnection(vm, vm.scope.signal);
    return connection.forwardOut(HARNESS_PORT, vm.scope.signal);
  });
  vm.scope.add('harness forward', () => forward.close());
  return `http://127.0.0.1:${forward.port}`;
}
