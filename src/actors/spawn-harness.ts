import { fromPromise } from 'xstate';
import { parkedConfig, spawnCommand } from '../guest/index.ts';
import { asStepError, execInGuest } from './guest-connection.ts';
import { caPathInGuest } from './host-certificates.ts';
import { harnessEnv } from './harness-env.ts';
import { HARNESS_PORT } from './harness-url.ts';
import { harnessWatch } from './harness-watch.ts';
import type { ActorDeps, VmSession } from './session.ts';
import { step, type VmRef } from './step.ts';

const SPAWN_TIMEOUT_MS = 30_000;

/** Starts the harness, its environment and token over standard input, and watches it from then on. */
export const spawnHarness = (deps: ActorDeps) =>
  fromPromise<void, VmRef>(
    step(deps, async (vm, signal) => {
      const command = spawnCommand({ directory: vm.plan.directory, ...caPathInGuest(vm) });
      try {
        await execInGuest(vm, command, { timeoutMs: SPAWN_TIMEOUT_MS, signal, input: `${bootConfig(vm)}\n` });
      } catch (error) {
        throw asStepError(error, 'HARNESS_CRASHED', () => ({
          hint: 'check that the image has sh and util-linux (setsid), and that its disk is not full',
          retry: 'safe',
        }));
      }
      // What would watch it in a template would go on in every fork.
      if (!vm.snapshotable) await harnessWatch(vm, signal);
    }),
  );

function bootConfig(vm: VmSession): string {
  // Where the host needs a tunnel anyway, nobody else on the guest's network may even try.
  const host = vm.driver.features.directRoute ? '0.0.0.0' : '127.0.0.1';
  if (!vm.parking) {
    const env = harnessEnv(vm, vm.envs);
    return JSON.stringify({ token: vm.token, host, port: HARNESS_PORT, env });
  }
  const { secret, renews } = vm.parking;
  return parkedConfig({
    host,
    port: HARNESS_PORT,
    secret,
    renewFor: renews ? { user: vm.plan.user } : undefined,
  });
}
