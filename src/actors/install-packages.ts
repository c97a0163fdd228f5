import { fromPromise } from 'xstate';
import {
  explainNpmFailure,
  markPackagesCommand,
  npmCiCommand,
  prepareCommand,
  type Preparation,
} from '../guest/index.ts';
import { asStepError, execInGuest } from './guest-connection.ts';
import { caPathInGuest, sendCertificates } from './host-certificates.ts';
import type { ActorDeps, VmSession } from './session.ts';
import { step, type VmRef } from './step.ts';

const NPM_CI_TIMEOUT_MS = 1_200_000;

/** `npm ci` in the guest, with the registry, token and certificates that the host uses. */
export const installPackages = (deps: ActorDeps) =>
  fromPromise<void, VmRef>(
    step(deps, async (vm, signal) => {
      const host = await sendCertificates(vm, signal);
      const command = npmCiCommand({
        directory: vm.plan.directory,
        registry: host.registry,
        hasToken: host.token !== undefined,
        ...caPathInGuest(vm),
      });
      try {
        await execInGuest(vm, command, {
          timeoutMs: NPM_CI_TIMEOUT_MS,
          signal,
          logPrefix: 'npm',
          ...(host.token === undefined ? {} : { input: `${host.token}\n` }),
        });
      } catch (error) {
        throw asStepError(error, 'NPM_INSTALL_FAILED', explainNpmFailure);
      }
      if (vm.plan.preparation) await prepare(vm, vm.plan.preparation, signal);
      const mark = markPackagesCommand({ directory: vm.plan.directory, digest: vm.payload.packagesDigest });
      await execInGuest(vm, mark, { timeoutMs: 30_000, signal });
    }),
  );

/** The user's own part of an image: what it says is the user's to mend, so it is not tried again. */
async function prepare(vm: VmSession, preparation: Preparation, signal: AbortSignal): Promise<void> {
  try {
    await execInGuest(vm, prepareCommand(preparation), {
      timeoutMs: NPM_CI_TIMEOUT_MS,
      signal,
      logPrefix: 'prepare',
    });
  } catch (error) {
    throw asStepError(error, 'PREPARE_FAILED', () => ({
      hint: 'correct the packages or the script of prepare; the end of what it wrote is in this error',
      retry: 'unsafe',
    }));
  }
}
