import type { VmSession } from '../actors/index.ts';
import { createDriver } from '../drivers/registry.ts';
import { VzvmError } from '../errors.ts';
import { thisOwner, type VmAccess, type VmRecord } from '../journal/index.ts';
import { unlessAborted } from '../process/unless-aborted.ts';
import { giveToKeeper, takeVm } from '../reaper/index.ts';
import type { BootContext } from './boot-context.ts';
import { assertNotAborted, untilReady } from './boot-end.ts';
import { startShown } from './boot-start.ts';
import { createSession, readPlan } from './session.ts';
import type { HostedVm } from './vm-host.ts';

/** Of one that its owner left behind, when taking it over fails. */
const SECOND_CHANCE_MS = 10 * 60_000;

/**
 * Takes over a VM that was detached, or whose owner is gone, by its name. One that cannot be taken over is detached as
 * before.
 */
export async function attachVm(context: BootContext, name: string, signal: AbortSignal): Promise<HostedVm> {
  assertNotAborted(signal);
  const { journal } = context.ownerships;
  const access = await journal.readAccess(name);
  const record = await takeVm(journal, name, await unlessAborted(thisOwner(), signal), signal);
  if (record === 'owned') throw inUse(name, (await journal.read(name))?.owner?.pid);
  if (!record) throw unknown(name);
  let hosted: HostedVm | undefined;
  try {
    if (!access) throw withoutAccess(name);
    hosted = startShown(context, await sessionOf(context, record, access), { keepOnFailure: false });
    await untilReady(context, hosted, signal);
    hosted.session.isDetached = false;
    return hosted;
  } catch (error) {
    // What was noted of it meanwhile must not be written after this.
    await hosted?.session.owned?.settled();
    const expiresAt = record.expiresAt ?? Date.now() + SECOND_CHANCE_MS;
    await giveToKeeper(journal, context.ownerships.stateDir, record, expiresAt);
    throw error;
  }
}

async function sessionOf(
  { options, log }: BootContext,
  { guest, recipe, image, imageDigest, cpu, memoryMiB }: VmRecord,
  access: VmAccess,
): Promise<VmSession> {
  const driver = await createDriver(recipe.driver, { ...recipe.options, log });
  const { user, directory, hostKey, token, privateKey, publicKey } = access;
  const plan = { ...(await readPlan(options)), resources: { cpu, memoryMiB }, user, directory };
  const session = createSession({
    driver,
    image: { ref: image, digest: imageDigest, acceptsKey: true },
    plan,
    payload: { files: [], harnessDigest: '', packagesDigest: '' },
    envs: {},
    log,
    adopted: { name: guest, token, keys: { privateKey, publicKey } },
  });
  // Until it serves us it is nobody's: what fails here must not end it.
  return Object.assign(session, { hostKey, keyInstalled: true, isDetached: true });
}

function unknown(name: string): VzvmError {
  return new VzvmError('OPTION_INVALID', `there is no VM ${name}`, {
    facts: { guest: name },
    hint: 'look with: npx vzvm ls',
  });
}

function inUse(name: string, pid: number | undefined): VzvmError {
  return new VzvmError('OPTION_INVALID', `${name} is in use by process ${pid}`, {
    facts: { guest: name, pid },
    hint: 'call detach() on it there first',
  });
}

function withoutAccess(name: string): VzvmError {
  return new VzvmError('UNSUPPORTED', `nobody has logged in to ${name} yet, so nobody can take it over`, {
    facts: { guest: name },
    hint: `remove it: npx vzvm rm ${name}`,
  });
}
