import type { Driver, GuestInfo } from '../drivers/driver.ts';
import { ownerOf } from '../drivers/guest-owner.ts';
import { VzvmError } from '../errors.ts';

/** A guest on this machine, whoever made it. */
export interface ListedGuest extends GuestInfo {
  /** Process id of the program that made it. */
  readonly ownerPid: number | undefined;
  /** True when that program is certainly gone: nobody will remove the guest. */
  readonly isLeftOver: boolean;
}

/** All guests of a driver that are ours. */
export async function listGuests(driver: Driver): Promise<readonly ListedGuest[]> {
  const listed = (await driver.list()).map(async (guest) => {
    const { pid, mayRun } = await ownerOf(guest.name);
    return { ...guest, ownerPid: pid, isLeftOver: !mayRun };
  });
  return Promise.all(listed);
}

/**
 * Ends and deletes a guest by its name.
 * @throws VzvmError OPTION_INVALID when there is none, or when its owner may run and `force` is not given;
 * RELEASE_FAILED.
 */
export async function removeGuest(driver: Driver, name: string, force: boolean): Promise<void> {
  const guest = (await listGuests(driver)).find((each) => each.name === name);
  if (!guest) throw refused(name, `there is no VM ${name}`, 'look with: npx vzvm ls');
  if (!guest.isLeftOver && !force) {
    const why = `${name} is in use by process ${guest.ownerPid}`;
    throw refused(name, why, `end that program, or: npx vzvm rm --force ${name}`);
  }
  // Whoever would wait for what it has to say is gone.
  await driver.stop(name, 0);
  await driver.delete(name);
}

function refused(guest: string, message: string, hint: string): VzvmError {
  return new VzvmError('OPTION_INVALID', message, { facts: { guest }, hint });
}
