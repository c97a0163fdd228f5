import { VzvmError } from '../errors.ts';
import type { Ownerships } from './ownership.ts';
import { assertReleased } from './released.ts';
import type { DetachedVm, DetachOptions } from './vm-handle.ts';
import type { HostedVm } from './vm-host.ts';

const DEFAULT_TTL_MS = 60 * 60_000;
const MOST_TTL_MS = 365 * 24 * 60 * 60_000;

/** Gives a VM to nobody. It runs on by itself; what this process has of it is released. */
export async function detachVm(
  ownerships: Ownerships,
  { vm, session }: Pick<HostedVm, 'vm' | 'session'>,
  { ttlMs = DEFAULT_TTL_MS }: DetachOptions,
): Promise<DetachedVm> {
  const { name } = vm;
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > MOST_TTL_MS)
    throw new VzvmError('OPTION_INVALID', `ttlMs must be a whole number from 1 to ${MOST_TTL_MS}`, {
      facts: { ttlMs },
      hint: 'give milliseconds, as in vm.detach({ ttlMs: 3_600_000 })',
    });
  const owned = ownerships.ownedBy(session);
  if (!owned) throw notKept(name, vm.driver);
  if (!vm.tags.has('ready') && !vm.tags.has('failed')) throw notRunning(name);
  const expiresAt = Date.now() + ttlMs;
  await owned.detach(expiresAt);
  session.isDetached = true;
  session.process?.unref?.();
  assertReleased([await vm.dispose('detached')]);
  return { name, expiresAt };
}

function notKept(guest: string, driver: string): VzvmError {
  return new VzvmError('UNSUPPORTED', `a VM of the driver ${driver} ends with the program that made it`, {
    facts: { guest, driver },
    hint: 'use the qemu or the tart driver',
  });
}

function notRunning(guest: string): VzvmError {
  return new VzvmError('GUEST_EXITED', `${guest} does not serve, so it cannot be given away`, {
    facts: { guest },
    hint: 'detach a VM that bootHarness() has resolved with, before its shutdown',
  });
}
