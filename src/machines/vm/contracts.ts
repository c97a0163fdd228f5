import { fromPromise } from 'xstate';
import { VzvmError } from '../../errors.ts';
import type { GuestExit, GuestFacts, HarnessExit } from './types.ts';

/** Contracts only: the implementations come from `provide()`, and every input is an id. */
const contract = <Out>(name: string) =>
  fromPromise<Out, { readonly vmId: string }>(() =>
    Promise.reject(
      new VzvmError('INTERNAL', `the actor ${name} was not provided`, {
        hint: `give it to vmMachine.provide({ actors: { ${name} } })`,
      }),
    ),
  );

/** What the chart has done by others. They reject with a VzvmError, and with its `retry: "safe"` are tried again. */
export const contracts = {
  clone: contract<void>('clone'),
  startVm: contract<void>('startVm'),
  /** Resolves when the hypervisor process has exited. */
  watchProcess: contract<GuestExit>('watchProcess'),
  /** null: not yet. */
  pollAddress: contract<string | null>('pollAddress'),
  connect: contract<GuestFacts>('connect'),
  upload: contract<void>('upload'),
  installNode: contract<void>('installNode'),
  installPackages: contract<void>('installPackages'),
  /** Answers why the disk could not be kept, null when it was: the boot goes on either way. */
  keepImage: contract<string | null>('keepImage'),
  spawnHarness: contract<void>('spawnHarness'),
  /** false: not yet. */
  probeHealth: contract<boolean>('probeHealth'),
  /** Resolves when the harness has ended; rejects when it can no longer be seen, which says nothing about it. */
  watchHarness: contract<HarnessExit>('watchHarness'),
  /** Resolves when the guest can be reached again. */
  reachGuest: contract<void>('reachGuest'),
  /** Waits for work in flight, releases everything; resolves with what could not be released. */
  release: contract<string[]>('release'),
};
