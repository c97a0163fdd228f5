import { VzvmError } from '../errors.ts';
import { claimHarness } from './claim.ts';
import { guestConnection } from './guest-connection.ts';
import { harnessUrl } from './harness-url.ts';
import { newIdentity } from './new-identity.ts';
import type { VmSession } from './session.ts';

/** A renewal under emulation takes a fraction of it. */
const CLAIM_TIMEOUT_MS = 30_000;

/** What a parked VM becomes. */
export interface VmClaim {
  /** The harness's environment. Secret. */
  readonly envs: Readonly<Record<string, string>>;
  readonly label?: string | undefined;
}

/**
 * Makes a parked VM somebody's: its harness serves with this environment and the VM's token, on a machine with an
 * identity of its own.
 * @throws VzvmError when it is not sure that all of it was done: the VM must then be ended.
 */
export async function claimVm(vm: VmSession, { envs, label }: VmClaim, signal: AbortSignal): Promise<void> {
  const { parking } = vm;
  if (!parking) throw new VzvmError('INTERNAL', `${vm.name} does not wait to be claimed`);
  // It keeps its network address: each fork is on a network of its own, whose DHCP server would give a new one a new IP.
  const made = parking.renews ? newIdentity(vm.name) : undefined;
  await claimHarness({
    url: await harnessUrl(vm, signal),
    secret: parking.secret,
    claim: {
      token: vm.token,
      env: envs,
      ...(label === undefined ? {} : { label }),
      ...(made ? { identity: made.identity } : {}),
    },
    signal,
    timeoutMs: CLAIM_TIMEOUT_MS,
  });
  if (made) Object.assign(vm, { keys: made.keys, hostKey: made.hostKey, keyInstalled: true });
  parking.claimed.resolve();
  // The first connection to a fork, which nobody could log in to before: it brings the host's ports.
  if (vm.template !== undefined && vm.plan.hostPorts.size > 0) await guestConnection(vm, signal);
}
