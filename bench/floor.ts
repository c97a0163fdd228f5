import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { dialTcp } from '../src/drivers/dial-tcp.ts';
import { VzvmError } from '../src/errors.ts';
import type { Artifact } from '../src/drivers/qemu/images/artifact.ts';
import type { SshAuth } from '../src/ssh/connect.ts';
import { connectSsh, generateKeyPair, type SshConnection } from '../src/ssh/index.ts';
import { startByHand, type ByHandVm } from './by-hand-vm.ts';
import { DIRECTORY, installByHand } from './floor-install.ts';
import type { Place } from './place.ts';

const USER = 'admin';
const STEP_MS = 20 * 60_000;
const LOOK_MS = 50;

/** What a boot costs by hand, in milliseconds. */
export interface FloorParts {
  readonly overlay: number;
  readonly banner: number;
  readonly nodeInstall: number;
  readonly npmInstall: number;
  readonly harness: number;
}

/** One boot by hand. */
export interface FloorSample {
  readonly parts: FloorParts;
  /** From the banner to the answer of the first command: what any SSH login costs. No part of the floor. */
  readonly loginMs: number;
}

/** A boot by hand from an image that has Node, the packages and the harness. */
export async function preparedFloor(
  place: Place,
  artifact: Artifact,
  signal: AbortSignal,
): Promise<FloorSample> {
  return inVm(place, artifact, signal, async () => ({ nodeInstall: 0, npmInstall: 0 }));
}

/** A boot by hand from the built image, and what the guest itself has to do then: Node and the packages. */
export async function freshFloor(place: Place, signal: AbortSignal): Promise<FloorSample> {
  return inVm(place, place.built, signal, installByHand);
}

type Install = (
  guest: SshConnection,
  signal: AbortSignal,
) => Promise<Pick<FloorParts, 'nodeInstall' | 'npmInstall'>>;

async function inVm(
  place: Place,
  artifact: Artifact,
  signal: AbortSignal,
  install: Install,
): Promise<FloorSample> {
  const keys = artifact.image.acceptsKey ? generateKeyPair('bench') : undefined;
  await using vm = await startByHand({
    folder: join(place.folder, 'by-hand'),
    artifact,
    accelerator: place.accelerator,
    authorizedKey: keys?.publicKey,
    signal,
  });
  const auth = keys ?? { password: artifact.image.login?.password ?? '' };
  const started = performance.now();
  const guest = await login(vm, auth);
  try {
    await guest.exec('true', { timeoutMs: STEP_MS, signal: vm.signal });
    const loginMs = performance.now() - started;
    const installed = await install(guest, vm.signal);
    const harness = await startHarness(guest, vm);
    return { parts: { overlay: vm.overlayMs, banner: vm.bannerMs, ...installed, harness }, loginMs };
  } finally {
    await guest.close();
  }
}

/** Plain `node harness.mjs`, from its start to the first 200 that the host gets. */
async function startHarness(guest: SshConnection, vm: ByHandVm): Promise<number> {
  const started = performance.now();
  const command = `cd ${DIRECTORY} && HOST=0.0.0.0 PORT=7700 exec node harness.mjs`;
  // It runs until the VM ends, which is no news then.
  const ended = guest.exec(command, { timeoutMs: STEP_MS, signal: vm.signal }).then(
    ({ stderrTail }) => Promise.reject(new Error(`the harness ended: ${stderrTail}`)),
    (error: unknown) => Promise.reject(error as Error),
  );
  ended.catch(() => undefined);
  await Promise.race([ended, untilHealthy(`http://127.0.0.1:${vm.ports[7700]}/v1/health`, vm.signal)]);
  return performance.now() - started;
}

/** Resolves with the first 200. */
export async function untilHealthy(url: string, signal: AbortSignal, lookMs = LOOK_MS): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(STEP_MS)]);
  while (!(await isHealthy(url, deadline))) await sleep(lookMs, undefined, { signal: deadline });
}

async function isHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await request(url, { signal });
    await response.body.dump();
    return response.statusCode === 200;
  } catch {
    return false; // Not yet; an end of the VM or of our patience ends the pause after it.
  }
}

/** Also by hand one tries again when the server is too busy for its first word. */
async function login(vm: ByHandVm, auth: SshAuth): Promise<SshConnection> {
  for (;;) {
    try {
      const dial = (signal: AbortSignal) => dialTcp('127.0.0.1', vm.ports[22] ?? 0, signal);
      return await connectSsh({ dial, user: USER, auth, signal: vm.signal });
    } catch (error) {
      if (vm.signal.aborted || !(error instanceof VzvmError) || error.retry !== 'safe') throw error;
    }
  }
}
