import { clone } from './clone.ts';
import { connect } from './connect.ts';
import { installNode } from './install-node.ts';
import { installPackages } from './install-packages.ts';
import { keepImage } from './keep-image.ts';
import { pollAddress } from './poll-address.ts';
import { probeHealth } from './probe-health.ts';
import { reachGuest } from './reach-guest.ts';
import { release } from './release.ts';
import type { ActorDeps } from './session.ts';
import { spawnHarness } from './spawn-harness.ts';
import { startVm } from './start-vm.ts';
import { upload } from './upload.ts';
import { watchHarness } from './watch-harness.ts';
import { watchProcess } from './watch-process.ts';

export { checkRegistry } from './check-registry.ts';
export { claimVm, renewVm } from './claim-vm.ts';
export { renewCopy } from './renew-copy.ts';
export { sealGuest } from './keep-image.ts';
export type {
  ActorDeps,
  CopyOfRunning,
  GuestPlan,
  ImageToKeep,
  Parking,
  Payload,
  Scope,
  VmSession,
} from './session.ts';

/** The actor logic for `vmMachine.provide({ actors })`. Made once per substrate, never once per VM. */
export function createActors(deps: ActorDeps) {
  return {
    clone: clone(deps),
    startVm: startVm(deps),
    watchProcess: watchProcess(deps),
    pollAddress: pollAddress(deps),
    connect: connect(deps),
    upload: upload(deps),
    installNode: installNode(deps),
    installPackages: installPackages(deps),
    keepImage: keepImage(deps),
    spawnHarness: spawnHarness(deps),
    probeHealth: probeHealth(deps),
    watchHarness: watchHarness(deps),
    reachGuest: reachGuest(deps),
    release: release(deps),
  };
}
