import { messageOf } from '../errors.ts';
import type { ListedGuest } from '../substrate/index.ts';
import { type Flags, optionsOf } from './flags.ts';
import { type Io, UsageError } from './io.ts';
import { table } from './text.ts';

/** `vzvm ls`: all VMs of this machine. */
export async function ls(words: readonly string[], flags: Flags, io: Io): Promise<true> {
  demandNoWords('ls', words);
  await using substrate = io.substrate(optionsOf(flags, io));
  const guests = await substrate.list();
  if (flags.json) io.out(JSON.stringify(guests));
  else if (guests.length === 0) io.out('no VMs');
  else for (const line of table(['name', 'driver', 'state', 'owner'], guests.map(rowOf))) io.out(line);
  return true;
}

function rowOf({ name, driver, running, entry, ...guest }: ListedGuest): string[] {
  const state = running === undefined ? 'unknown' : running ? (entry?.step ?? 'running') : 'stopped';
  return [name, driver, entry?.failure === undefined ? state : 'failed', ownerText({ entry, ...guest })];
}

function ownerText({ isLeftOver, ownerPid, entry }: Pick<ListedGuest, 'isLeftOver' | 'ownerPid' | 'entry'>) {
  if (isLeftOver) return 'gone: vzvm gc removes it';
  if (entry?.expiresAt !== undefined) return `nobody, until ${new Date(entry.expiresAt).toISOString()}`;
  return `process ${ownerPid ?? 'unknown'}`;
}

/** `vzvm rm NAME…`: ends and deletes VMs. */
export async function rm(names: readonly string[], flags: Flags, io: Io): Promise<boolean> {
  if (names.length === 0) throw new UsageError('rm: no name; vzvm ls shows them');
  await using substrate = io.substrate(optionsOf(flags, io));
  const removal = await removeEach(names, (name) => substrate.removeGuest(name, { force: flags.force }));
  return tell(removal, flags, io);
}

/** `vzvm gc`: ends and deletes the VMs of programs that are gone. */
export async function gc(words: readonly string[], flags: Flags, io: Io): Promise<boolean> {
  demandNoWords('gc', words);
  await using substrate = io.substrate(optionsOf(flags, io));
  if (!flags['dry-run']) {
    const { removed, problems } = await substrate.removeLeftOvers();
    return tell(
      { removed, problems: problems.map(({ guest: name, problem }) => ({ name, problem })) },
      flags,
      io,
    );
  }
  const removed = (await substrate.list()).filter(({ isLeftOver }) => isLeftOver).map(({ name }) => name);
  return tell({ removed, problems: [] }, flags, io);
}

/** Each by itself: one that cannot be removed is no reason to leave the others. */
async function removeEach(names: readonly string[], work: (name: string) => Promise<void>): Promise<Removal> {
  const removed: string[] = [];
  const problems: { readonly name: string; readonly problem: string }[] = [];
  for (const name of names) {
    try {
      await work(name);
      removed.push(name);
    } catch (error) {
      problems.push({ name, problem: messageOf(error) });
    }
  }
  return { removed, problems };
}

interface Removal {
  readonly removed: readonly string[];
  readonly problems: readonly { readonly name: string; readonly problem: string }[];
}

/** Answers whether all went well. */
function tell({ removed, problems }: Removal, flags: Flags, io: Io): boolean {
  for (const { problem } of problems) io.log(`vzvm: ${problem}`);
  const verb = flags['dry-run'] ? 'would remove' : 'removed';
  if (flags.json) io.out(JSON.stringify({ removed, problems }));
  else io.out(removed.length === 0 ? 'nothing was removed' : `${verb} ${removed.join(' ')}`);
  return problems.length === 0;
}

function demandNoWords(command: string, words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`${command}: ${words[0]} is one word too many`);
}
