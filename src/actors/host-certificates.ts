import { join } from 'node:path/posix';
import { uploadFiles } from '../ssh/index.ts';
import { guestConnection } from './guest-connection.ts';
import { readHostNpm, type HostNpm } from './host-npm.ts';
import type { VmSession } from './session.ts';

const CA_FILE = 'host-ca.pem';

/** The host's npm settings, read once a VM; its extra certificates are put into the guest on the way. */
export async function sendCertificates(vm: VmSession, signal: AbortSignal): Promise<HostNpm> {
  if (vm.hostNpm) return vm.hostNpm;
  const host = await readHostNpm(signal);
  if (host.caPem !== undefined) {
    await uploadFiles(await guestConnection(vm, signal), {
      directory: vm.plan.directory,
      files: [{ path: CA_FILE, content: host.caPem }],
      timeoutMs: 60_000,
      signal,
    });
    vm.log("the host's extra CA certificates were given to the guest");
  }
  vm.hostNpm = host;
  return host;
}

/** Where the guest has the certificates, as a part of a recipe's options. */
export function caPathInGuest(vm: VmSession): { caFile?: string } {
  return vm.hostNpm?.caPem === undefined ? {} : { caFile: join(vm.plan.directory, CA_FILE) };
}
