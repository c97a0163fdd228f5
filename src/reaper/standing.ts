import type { DriverRecipe } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { Journal, thisOwner } from '../journal/index.ts';
import { killed, within } from '../process/end-process.ts';
import type { Companion } from '../process/spawn-companion.ts';
import { startReaper } from './client.ts';

/** A reaper that dies more often than that is ended by something that would end the next one, too. */
const MOST_RESTARTS = 5;
/** For a reaper that has nothing to do. */
const END_MS = 10_000;
/** For one that tries again what could not be released; after that it goes on without us. */
const REAP_MS = 5 * 60_000;

/** Somebody's part in the one reaper that this process has for a folder. */
export interface ReaperHold {
  /** Resolves when the reaper stands by, or when there can be none, which is then told. */
  readonly ready: Promise<void>;
  /** Lets go of it; resolves, for the last one, when the reaper has ended. */
  release(): Promise<void>;
}

const standing = new Map<string, Standing>();
/** Ends of those that are let go: their names must be gone before others write theirs, which are the same. */
const leaving = new Map<string, Promise<unknown>>();

/** Has the reaper of this process stand by for the VMs of a driver. */
export function holdReaper(stateDir: string, recipe: DriverRecipe, log: (line: string) => void): ReaperHold {
  let mine = standing.get(stateDir);
  if (!mine) {
    const before = leaving.get(stateDir) ?? Promise.resolve();
    standing.set(stateDir, (mine = new Standing(stateDir, before, (end) => leave(stateDir, end))));
  }
  return mine.hold(recipe, log);
}

function leave(stateDir: string, end: Promise<void>): void {
  standing.delete(stateDir);
  const over: Promise<unknown> = end
    .catch(() => undefined) // Told to whoever has let go.
    .then(() => (leaving.get(stateDir) === over ? leaving.delete(stateDir) : false));
  leaving.set(stateDir, over);
}

class Standing {
  readonly #stateDir: string;
  readonly #journal: Journal;
  readonly #onOver: (end: Promise<void>) => void;
  readonly #before: Promise<unknown>;
  readonly #recipes: DriverRecipe[] = [];
  #holds = 0;
  #restarts = 0;
  #started: Promise<Companion | undefined> | undefined;
  #written: Promise<unknown>;

  constructor(stateDir: string, before: Promise<unknown>, onOver: (end: Promise<void>) => void) {
    this.#before = before;
    this.#written = before;
    this.#stateDir = stateDir;
    this.#journal = new Journal(stateDir);
    this.#onOver = onOver;
  }

  hold(recipe: DriverRecipe, log: (line: string) => void): ReaperHold {
    this.#holds++;
    this.#write(recipe);
    this.#started ??= this.#start(log);
    const ready = Promise.all([this.#written, this.#started]).then(() => undefined);
    ready.catch(() => undefined); // Told to whoever waits for it before the first VM.
    let released: Promise<void> | undefined;
    return { ready, release: () => (released ??= this.#release()) };
  }

  /** Whoever looks after what we leave must know by which drivers. */
  #write(recipe: DriverRecipe): void {
    if (this.#recipes.some((known) => JSON.stringify(known) === JSON.stringify(recipe))) return;
    this.#recipes.push(recipe);
    const recipes = [...this.#recipes];
    this.#written = this.#written
      .catch(() => undefined) // The newest holds all that the others would.
      .then(async () => this.#journal.writeOwner({ version: 1, owner: await thisOwner(), recipes }));
  }

  async #start(log: (line: string) => void): Promise<Companion | undefined> {
    try {
      await this.#before;
      const reaper = await startReaper(this.#stateDir, (await thisOwner()).id);
      void reaper.exited.then(() => this.#onExit(log));
      return reaper;
    } catch (error) {
      log(
        `the reaper could not be started, so VMs that a killed program leaves stay until the next start: ${messageOf(error)}`,
      );
      return undefined;
    }
  }

  #onExit(log: (line: string) => void): void {
    if (this.#holds === 0 || this.#restarts >= MOST_RESTARTS) return;
    this.#restarts++;
    log('the reaper has ended, and another one is started');
    this.#started = this.#start(log);
  }

  async #release(): Promise<void> {
    if (--this.#holds > 0) return;
    const end = this.#end();
    this.#onOver(end);
    await end;
  }

  async #end(): Promise<void> {
    const [reaper, { id }] = await Promise.all([this.#started, thisOwner()]);
    await this.#written;
    // What could not be released is tried once more by the reaper.
    const isClean = (await this.#journal.list()).every(({ owner }) => owner?.id !== id);
    if (isClean) await this.#journal.forgetOwner(id);
    if (!reaper) return;
    reaper.release();
    if (
      await within(
        reaper.exited.then(() => true),
        isClean ? END_MS : REAP_MS,
      )
    )
      return;
    if (isClean) await killed(reaper);
    reaper.leave();
  }
}
