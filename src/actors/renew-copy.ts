import { setTimeout as sleep } from 'node:timers/promises';
import { VzvmError } from '../errors.ts';
import { RENEWED, renewCopyCommand } from '../guest/index.ts';
import { giveToken } from './claim.ts';
import { guestConnection, logIn } from './guest-connection.ts';
import { harnessUrl } from './harness-url.ts';
import { identityLines } from './identity-lines.ts';
import { type GuestIdentity, newIdentity } from './new-identity.ts';
import type { VmSession } from './session.ts';

/** A guest that has just gone on may need a moment before it answers. */
const LOGIN_TIMEOUT_MS = 60_000;
const PAUSE_MS = 200;
const RENEWAL_TIMEOUT_MS = 60_000;
const TOKEN_TIMEOUT_MS = 30_000;

/**
 * Makes the copy of a VM that runs a VM of its own: another identity, another token, the host's ports forwarded anew.
 * @throws VzvmError when it is not sure that all of it was done: the copy must then be ended.
 */
export async function renewCopy(vm: VmSession, signal: AbortSignal): Promise<void> {
  const { copy } = vm;
  if (!copy) throw new VzvmError('INTERNAL', `${vm.name} is no copy of a VM that runs`);
  const until = AbortSignal.any([signal, vm.scope.signal]);
  const made = newIdentity(vm.name);
  await vm.scope.track(giveIdentity(vm, made.identity, until));
  const url = await harnessUrl(vm, until);
  const harness = { url, secret: copy.token, signal: until, timeoutMs: TOKEN_TIMEOUT_MS };
  await vm.scope.track(giveToken({ ...harness, token: vm.token }));
  Object.assign(vm, { keys: made.keys, hostKey: made.hostKey, keyInstalled: true });
  copy.renewed.resolve();
  // Shows that it lets in the new key by the new host key; and brings the host's ports.
  await patiently(() => guestConnection(vm, until), until);
}

/** Over a login of its own: one that is to stay would forward ports, which the copied logins still hold. */
async function giveIdentity(vm: VmSession, identity: GuestIdentity, signal: AbortSignal): Promise<void> {
  if (vm.hostKey === undefined) throw new VzvmError('INTERNAL', `the host key of ${vm.name} is not known`);
  const connection = await patiently(() => logIn(vm, signal), signal);
  try {
    const result = await connection.exec(renewCopyCommand({ user: vm.plan.user }), {
      input: identityLines({ ...identity, time: Date.now() }),
      timeoutMs: RENEWAL_TIMEOUT_MS,
      signal,
    });
    if (result.exitCode === 0 && result.stdout.trimEnd().endsWith(RENEWED)) return;
    throw new VzvmError('COMMAND_FAILED', `${vm.name} was given no identity: ${result.stderrTail.trim()}`, {
      facts: { guest: vm.name },
      exitCode: result.exitCode,
      stderrTail: result.stderrTail,
      hint: `the image needs perl, and sudo without a password for ${vm.plan.user}`,
    });
  } finally {
    await connection.close();
  }
}

/** Tries again what is safe to try again, until a deadline. */
async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + LOGIN_TIMEOUT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isSafe = error instanceof VzvmError && error.retry === 'safe';
      if (!isSafe || signal.aborted || performance.now() >= deadline) throw error;
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }
}
