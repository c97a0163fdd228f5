import { fromPromise } from 'xstate';
import { VzvmError } from '../errors.ts';
import { askHttp } from './ask-http.ts';
import { harnessUrl } from './harness-url.ts';
import { harnessWatch } from './harness-watch.ts';
import type { ActorDeps, HarnessExit, VmSession } from './session.ts';
import { step, type VmRef } from './step.ts';

const PROBE_TIMEOUT_MS = 5_000;
/** The harness's exit code for a port that is taken. */
const EXIT_PORT_TAKEN = 98;

/** One look at the harness's health; false: not yet. A harness that has ended is a failure at once. */
export const probeHealth = (deps: ActorDeps) =>
  fromPromise<boolean, VmRef>(
    step(deps, async (vm, signal) => {
      const url = await harnessUrl(vm, signal);
      const end = await ends(vm, signal);
      const healthy = await Promise.race([isHealthy(url, signal), ...end]);
      // A parked harness is given them by its claim.
      if (healthy && !vm.parking) vm.envs = {};
      return healthy;
    }),
  );

/** Rejects when the harness ends; nothing where it cannot be watched: it, or its template, is copied with all that watches. */
async function ends(vm: VmSession, signal: AbortSignal): Promise<Promise<never>[]> {
  if (vm.snapshotable || vm.template !== undefined) return [];
  // Watched again where the connection was lost: else a crash would be found out by the deadline alone.
  const { ended } = await harnessWatch(vm, signal);
  return [
    ended.then((exit) => {
      throw crashed(vm, exit);
    }),
  ];
}

async function isHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { status, text } = await askHttp(`${url}/v1/health`, { signal, timeoutMs: PROBE_TIMEOUT_MS });
    return status === 200 && isWell(text);
  } catch (error) {
    if (signal.aborted) throw error;
    return false; // Refused, reset or silent: the harness is not up yet, which is what a probe is to find out.
  }
}

/** Something else may listen on the port of a harness that is about to find it taken. */
function isWell(text: string): boolean {
  try {
    return (JSON.parse(text) as { readonly ok?: unknown } | null)?.ok === true;
  } catch {
    return false;
  }
}

/** The error for a harness that has ended, from its exit and the tail of its log. */
export function crashed(vm: VmSession, exit: HarnessExit): VzvmError {
  const portTaken = exit.code === EXIT_PORT_TAKEN || exit.stderrTail.includes('"PORT_TAKEN"');
  const hint = portTaken
    ? 'use an image in which nothing listens on port 7700'
    : `read the harness's log in ${vm.plan.directory}; keepOnFailure keeps the VM for a look`;
  return new VzvmError(
    portTaken ? 'PORT_TAKEN' : 'HARNESS_CRASHED',
    portTaken ? 'port 7700 is taken in the guest' : 'the harness ended',
    {
      facts: { guest: vm.name },
      stderrTail: exit.stderrTail,
      hint,
      ...(exit.code === null ? {} : { exitCode: exit.code }),
    },
  );
}
