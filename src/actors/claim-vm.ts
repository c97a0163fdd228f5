import { VzvmError } from '../errors.ts';
import { claimHarness, renewHarness } from './claim.ts';
import { guestConnection } from './guest-connection.ts';
import { harnessEnv } from './harness-env.ts';
import { harnessUrl } from './harness-url.ts';
import { type NewIdentity, newIdentity } from './new-identity.ts';
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
  const made = parking.renews ? newIdentity(vm.name) : undefined;
  await claimHarness({
    url: await harnessUrl(vm, signal),
    secret: parking.secret,
    claim: {
      token: vm.token,
      env: harnessEnv(vm, envs),
      ...(label === undefined ? {} : { label }),
      ...(made ? { identity: made.identity } : {}),
    },
    signal,
    timeoutMs: CLAIM_TIMEOUT_MS,
  });
  if (made) await becomeItself(vm, made, signal);
}

/**
 * Gives a fork an identity of its own while nobody waits for it; it goes on waiting for whoever claims it.
 * @throws VzvmError when it is not sure that all of it was done: the VM must then be ended.
 */
export async function renewVm(vm: VmSession, nextSecret: string, signal: AbortSignal): Promise<void> {
  const { parking } = vm;
  if (!parking?.renews) throw new VzvmError('INTERNAL', `${vm.name} does not wait for an identity`);
  const made = newIdentity(vm.name);
  await renewHarness({
    url: await harnessUrl(vm, signal),
    secret: parking.secret,
    identity: made.identity,
    nextSecret,
    signal,
    timeoutMs: CLAIM_TIMEOUT_MS,
  });
  vm.parking = { ...parking, secret: nextSecret, renews: false };
  await becomeItself(vm, made, signal);
  // The login of whoever watches it is over before somebody claims it: the guest has better to do then.
  await guestConnection(vm, signal);
}

/** From here on it can be logged in to. */
async function becomeItself(
  vm: VmSession,
  { keys, hostKey }: NewIdentity,
  signal: AbortSignal,
): Promise<void> {
  // It keeps its network address: each fork is on a network of its own, whose DHCP server would give a new one a new IP.
  Object.assign(vm, { keys, hostKey, keyInstalled: true });
  vm.parking?.renewed.resolve();
  // The first connection to a fork, which nobody could log in to before: it brings the host's ports.
  if (vm.template !== undefined && vm.plan.hostPorts.size > 0) await guestConnection(vm, signal);
}
