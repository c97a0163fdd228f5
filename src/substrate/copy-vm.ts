import { renewCopy } from '../actors/index.ts';
import { VzvmError } from '../errors.ts';
import type { BootContext } from './boot-context.ts';
import { endIfAborted, orEnd, untilReady } from './boot-end.ts';
import { startShown } from './boot-start.ts';
import { notReleased } from './released.ts';
import type { SavedVm } from './saved-vm.ts';
import { createSession } from './session.ts';
import type { HostedVm } from './vm-host.ts';

/** Copies of a saved VM, each a VM of its own. All, or none: where one fails the others are ended, too. */
export async function copyAll(
  context: BootContext,
  saved: SavedVm,
  count: number,
  signal: AbortSignal,
): Promise<readonly HostedVm[]> {
  const others = new AbortController();
  const until = AbortSignal.any([signal, others.signal]);
  const failures: unknown[] = [];
  const one = async (): Promise<HostedVm | undefined> => {
    try {
      return await copyOne(context, saved, until);
    } catch (error) {
      failures.push(error);
      others.abort(error);
      return undefined;
    }
  };
  const all = await Promise.all(Array.from({ length: count }, one));
  const forks = all.filter((each) => each !== undefined);
  if (failures.length === 0 && !signal.aborted) return forks;
  const ends = await Promise.all(forks.map(({ vm }) => vm.dispose('another copy failed')));
  const cause = failures[0] ?? new VzvmError('ABORTED', 'the copying was cancelled');
  const left = ends.filter((end) => end.problems.length > 0);
  throw left.length === 0 ? cause : notReleased(left, cause);
}

async function copyOne(context: BootContext, saved: SavedVm, signal: AbortSignal): Promise<HostedVm> {
  const { token, ...original } = saved.original;
  const copy = { token, renewed: Promise.withResolvers<void>() };
  const session = createSession({ ...original, template: saved.key, copy, envs: {}, log: context.log });
  const { keys, hostKey, keyInstalled } = original;
  Object.assign(session, { keys, hostKey, keyInstalled });
  const hosted = startShown(context, session, { keepOnFailure: false });
  saved.use(hosted.vm.done);
  await untilReady(context, hosted, signal);
  await orEnd(hosted, () => renewCopy(session, signal));
  await endIfAborted(context, hosted, signal);
  return hosted;
}
