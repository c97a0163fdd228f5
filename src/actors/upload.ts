import { fromPromise } from 'xstate';
import { markUploadedCommand } from '../guest/index.ts';
import { uploadFiles } from '../ssh/index.ts';
import { execInGuest, guestConnection } from './guest-connection.ts';
import type { ActorDeps } from './session.ts';
import { step, type VmRef } from './step.ts';

const UPLOAD_TIMEOUT_MS = 110_000;

/** Sends the harness, its package and lock file in one stream, then marks the guest as having them. */
export const upload = (deps: ActorDeps) =>
  fromPromise<void, VmRef>(
    step(deps, async (vm, signal) => {
      const connection = await guestConnection(vm, signal);
      await uploadFiles(connection, {
        directory: vm.plan.directory,
        files: vm.payload.files,
        timeoutMs: UPLOAD_TIMEOUT_MS,
        signal,
      });
      const mark = markUploadedCommand({ directory: vm.plan.directory, digest: vm.payload.harnessDigest });
      await execInGuest(vm, mark, { timeoutMs: 30_000, signal });
    }),
  );
