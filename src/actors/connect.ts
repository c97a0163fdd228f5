import { fromPromise } from 'xstate';
import { parseProbe, probeCommand } from '../guest/index.ts';
import type { GuestFacts } from '../machines/vm/index.ts';
import { execInGuest, guestConnection, installOwnKey } from './guest-connection.ts';
import { mountFolders } from './mount-folders.ts';
import type { ActorDeps } from './session.ts';
import { step, type VmRef } from './step.ts';

/** Guests with an older Node get a new one; every newer one is kept. */
const OLDEST_NODE_MAJOR = 20;

/** First contact: connects, installs the VM's own key, mounts the host's folders, and learns in one round trip what the guest already has. */
export const connect = (deps: ActorDeps) =>
  fromPromise<GuestFacts, VmRef>(
    step(deps, async (vm, signal) => {
      const connection = await guestConnection(vm, signal);
      await installOwnKey(vm, connection, signal);
      await mountFolders(vm, signal);
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
