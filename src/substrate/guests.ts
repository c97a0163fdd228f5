import type { Driver, DriverRecipe } from '../drivers/driver.ts';
import { ownerOf } from '../drivers/guest-owner.ts';
import { createDriver } from '../drivers/registry.ts';
import { messageOf, VzvmError } from '../errors.ts';
import type { Journal, VmRecord } from '../journal/index.ts';
import { isAbandoned, releaseVm, sweep, type Swept } from '../reaper/index.ts';

/** Whoever lists is a person who waits. */
const ANSWER_MS = 600;

/** A guest on this machine, whoever made it. */
export interface ListedGuest {
  readonly name: string;
  /** Name of the driver that runs it. */
  readonly driver: string;
  /** Undefined where the driver does not answer in time. */
  readonly running: boolean | undefined;
  /** Process id of the program that made it; undefined where nobody knows, and for one that was detached. */
  readonly ownerPid: number | undefined;
  /** True when that program is certainly gone, or a detached VM's time is over: nobody else will remove it. */
  readonly isLeftOver: boolean;
  /** What is written down of it; undefined for one that an older version, or nobody, has written down. */
  readonly entry: GuestEntry | undefined;
}

/** What the journal tells of a VM. */
export interface GuestEntry {
  /** The step of its boot that was begun last; "healthy" where it serves. */
  readonly step: string;
  /** Why its boot failed. */
  readonly failure: string | undefined;
  /** Why it could not be removed when that was tried. */
  readonly problem: string | undefined;
  readonly image: string;
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When a detached VM is ended, in milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
}

/** Where guests are looked for. */
export interface GuestsOf {
  readonly driver: Driver;
  readonly journal: Journal;
}

/** All guests of a driver that are ours, and all that the journal knows. */
export async function listGuests({ driver, journal }: GuestsOf): Promise<readonly ListedGuest[]> {
  const records = await journal.list();
  const [own, ...theirs] = await Promise.all([look(driver), ...otherRecipes(driver, records).map(lookBy)]);
  const looks = new Map([[keyOf(driver.recipe), own], ...theirs]);
  const known = new Set(records.map(({ guest }) => guest));
  const others = [...(own ?? [])].filter(([guest]) => !known.has(guest));
  return Promise.all([
    ...records.map((record) => fromRecord(record, looks.get(keyOf(record.recipe)))),
    ...others.map((guest) => fromName(driver.name, guest)),
  ]);
}

/** Whether each guest runs, by their names; undefined where the driver does not answer. */
type Look = ReadonlyMap<string, boolean> | undefined;

/** One driver may have guests in several folders. */
const keyOf = (recipe: DriverRecipe | undefined): string => JSON.stringify(recipe ?? null);

function otherRecipes({ recipe: own }: Driver, records: readonly VmRecord[]): readonly DriverRecipe[] {
  const all = new Map(records.map(({ recipe }) => [keyOf(recipe), recipe]));
  all.delete(keyOf(own));
  return [...all.values()];
}

async function lookBy(recipe: DriverRecipe): Promise<readonly [string, Look]> {
  try {
    return [keyOf(recipe), await look(await createDriver(recipe.driver, recipe.options))];
  } catch {
    return [keyOf(recipe), undefined]; // A driver of another version: what is written down is there all the same.
  }
}

async function look(driver: Driver): Promise<Look> {
  const answer = driver.list().then(
    (all) => new Map(all.map(({ name, running }) => [name, running])),
    () => undefined, // The doctor tells what is wrong with it.
  );
  const late = new Promise<undefined>(
    (resolve) => void setTimeout(() => resolve(undefined), ANSWER_MS).unref(),
  );
  return Promise.race([answer, late]);
}

async function fromRecord(record: VmRecord, seen: Look): Promise<ListedGuest> {
  const { guest, recipe, owner, step, failure, problem, image, cpu, memoryMiB, createdAt, expiresAt } =
    record;
  return {
    name: guest,
    driver: recipe.driver,
    running: seen && (seen.get(guest) ?? false),
    ownerPid: owner?.pid,
    isLeftOver: await isAbandoned(record),
    entry: { step, failure, problem, image, cpu, memoryMiB, createdAt, expiresAt },
  };
}

async function fromName(driver: string, [name, running]: [string, boolean]): Promise<ListedGuest> {
  const { pid, mayRun } = await ownerOf(name);
  return { name, driver, running, ownerPid: pid, isLeftOver: !mayRun, entry: undefined };
}

/**
 * Ends and deletes a guest by its name. A detached one is nobody's, and goes as well.
 * @throws VzvmError OPTION_INVALID when there is none, or when its owner may run and `force` is not given;
 * RELEASE_FAILED.
 */
export async function removeGuest(of: GuestsOf, name: string, force: boolean): Promise<void> {
  const guest = (await listGuests(of)).find((each) => each.name === name);
  if (!guest) throw refused(name, `there is no VM ${name}`, 'look with: npx vzvm ls');
  const isNobodys = guest.entry !== undefined && guest.ownerPid === undefined;
  if (!guest.isLeftOver && !isNobodys && !force) {
    const why = `${name} is in use by process ${guest.ownerPid}`;
    throw refused(name, why, `end that program, or: npx vzvm rm --force ${name}`);
  }
  await release(of, name);
}

/** Removes all guests that are left over. */
export async function removeLeftOvers(of: GuestsOf): Promise<Swept> {
  const { removed, problems } = await sweep(of.journal);
  const all = { removed: [...removed], problems: [...problems] };
  for (const { name, isLeftOver, entry } of await listGuests(of)) {
    if (!isLeftOver || entry) continue;
    try {
      await release(of, name);
      all.removed.push(name);
    } catch (error) {
      all.problems.push({ guest: name, problem: messageOf(error) });
    }
  }
  return all;
}

async function release({ driver, journal }: GuestsOf, name: string): Promise<void> {
  if (await releaseVm(journal, name, () => true)) return;
  // Whoever would wait for what it has to say is gone.
  await driver.stop(name, 0);
  await driver.delete(name);
}

function refused(guest: string, message: string, hint: string): VzvmError {
  return new VzvmError('OPTION_INVALID', message, { facts: { guest }, hint });
}
