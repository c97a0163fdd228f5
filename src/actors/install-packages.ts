import { fromPromise } from 'xstate';
import { explainNpmFailure, markPackagesCommand, npmCiCommand } from '../guest/index.ts';
import { asStepError, execInGuest } from './guest-connection.ts';
import { caPathInGuest, sendCertificates } from './host-certificates.ts';
import type { ActorDeps } from './session.ts';
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
      const mark = markPackagesCommand({ directory: vm.plan.directory, digest: vm.payload.packagesDigest });
      await execInGuest(vm, mark, { timeoutMs: 30_000, signal });
    }),
  );
