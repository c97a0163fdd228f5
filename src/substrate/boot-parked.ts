import { renewVm } from '../actors/index.ts';
import { isAborted } from '../errors.ts';
import type { BootContext } from './boot-context.ts';
import { assertNotAborted, endIfAborted, orEnd } from './boot-end.ts';
import { readWanted, startOf, startShown, untilBooted } from './boot-start.ts';
import { type Fork, startFork } from './fork-vm.ts';
import { createSession } from './session.ts';
import { newSecret, parkingOf } from './template.ts';
import type { HostedVm } from './vm-host.ts';

/**
 * A VM whose harness waits to be claimed: it knows nothing yet of whose it will be. Forked where that can be, from a
 * template that is made first if need be, because nobody waits for it; it then is itself before anybody claims it.
 */
export async function bootParked(context: BootContext, signal: AbortSignal): Promise<HostedVm> {
  const { log, templates } = context;
  const wanted = await readWanted(context, signal);
  const start = await startOf(context, wanted, signal);
  const of = { wanted, image: start.image };
  const template = templates.isFor(wanted, start) ? await templates.ensure(of, signal) : undefined;
  if (template) {
    try {
      return await forkParked(context, { wanted, start, template }, signal);
    } catch (error) {
      if (signal.aborted || isAborted(error)) throw error;
      await templates.giveUp(of, error);
    }
  }
  const parking = parkingOf(newSecret(), false);
  const session = createSession({ ...wanted, ...start, parking, envs: {}, log });
  assertNotAborted(signal);
  const hosted = startShown(context, session, { keepOnFailure: false });
  await untilBooted(context, hosted, { wanted, start, signal });
  return hosted;
}

async function forkParked(context: BootContext, fork: Fork, signal: AbortSignal): Promise<HostedVm> {
  const hosted = await startFork(context, fork, signal);
  await orEnd(hosted, () => renewVm(hosted.session, newSecret(), signal));
  await endIfAborted(context, hosted, signal);
  return hosted;
}
