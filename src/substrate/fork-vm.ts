import type { BootHarnessOptions } from '@computeragent/sdk';
import type { BootContext } from './boot-context.ts';
import { assertNotAborted, endIfAborted, claimOrEnd, untilReady } from './boot-end.ts';
import { startShown } from './boot-start.ts';
import type { StartingPoint, Wanted } from './prepared-image.ts';
import { createSession } from './session.ts';
import { parkingOf, type Template } from './template.ts';
import type { HostedVm } from './vm-host.ts';

/** What a VM is forked from. */
export interface Fork {
  readonly wanted: Wanted;
  readonly start: StartingPoint;
  readonly template: Template;
}

/** A fork that serves these envs. */
export async function forkVm(
  context: BootContext,
  fork: Fork,
  boot: BootHarnessOptions,
  signal: AbortSignal,
): Promise<HostedVm> {
  const hosted = await startFork(context, fork, signal);
  await claimOrEnd(hosted, boot, signal);
  await endIfAborted(context, hosted, signal);
  return hosted;
}

/** A VM that waits to be claimed, with its template's identity. */
export async function startFork(
  context: BootContext,
  { wanted, start, template }: Fork,
  signal: AbortSignal,
): Promise<HostedVm> {
  const parking = parkingOf(template.secret, true);
  const session = createSession({
    ...wanted,
    ...start,
    template: template.key,
    parking,
    envs: {},
    log: context.log,
  });
  assertNotAborted(signal);
  // One that failed is followed by a boot: what is kept for a look is a VM whose boot failed.
  const hosted = startShown(context, session, { keepOnFailure: false });
  await untilReady(context, hosted, signal);
  return hosted;
}
