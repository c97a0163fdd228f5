import type { VmSession } from '../actors/index.ts';
import type { Driver, DriverRecipe, LogLine } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { Journal, thisOwner, type VmAccess, type VmRecord } from '../journal/index.ts';
import { giveToKeeper, holdReaper, type ReaperHold, sweep } from '../reaper/index.ts';
import { unlessAborted } from '../process/unless-aborted.ts';
import type { VmHandleEvent } from './vm-handle.ts';

/** Stands by for the next VM for as long; its start is cheap, but not free. */
const LINGER_MS = 30_000;

/** Folders that this process has looked through: what is left there since is its own, or the next one's. */
const swept = new Set<string>();

/** The journal of one substrate's VMs, and the reaper that stands by for them. */
export class Ownerships {
  readonly journal: Journal;
  /** The folder that the journal is in. */
  readonly stateDir: string;
  readonly #log: LogLine;
  /** Nobody's end waits for what others have left. */
  readonly #closing = new AbortController();
  readonly #owned = new Map<VmSession, OwnedVm>();
  #hold: ReaperHold | undefined;
  #sweeping: Promise<void> | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(stateDir: string, log: LogLine) {
    this.journal = new Journal(stateDir);
    this.stateDir = stateDir;
    this.#log = log;
  }

  /** Removes what programs that were killed have left, once; nobody's boot waits for it, or fails by it. */
  async #sweepOnce(): Promise<void> {
    if (swept.has(this.stateDir)) return;
    swept.add(this.stateDir);
    try {
      const { removed, problems } = await sweep(this.journal, this.#closing.signal);
      for (const guest of removed) this.#log(`removed ${guest}, which a program that is gone has left`);
      for (const { guest, problem } of problems) this.#log(`${guest} is left behind: ${problem}`);
    } catch (error) {
      this.#log(`what other programs have left could not be looked for: ${messageOf(error)}`);
    }
  }

  /** Begins what the first VM will wait for, while it waits for something else. */
  prepare({ recipe }: Driver): void {
    if (!recipe) return;
    this.#held(recipe);
    this.#sweeping ??= this.#sweepOnce();
  }

  /** A VM that is about to be made; undefined where it ends with this process anyway. */
  of(session: VmSession): OwnedVm | undefined {
    const { recipe } = session.driver;
    if (!recipe) return undefined;
    const owned = new OwnedVm(session, recipe, {
      journal: this.journal,
      log: this.#log,
      standBy: () => this.#held(recipe).ready,
      stateDir: this.stateDir,
    });
    this.#owned.set(session, owned);
    clearTimeout(this.#linger);
    return owned;
  }

  /** Ends the sweep that may be under way, and lets the reaper go. */
  async dispose(): Promise<void> {
    this.#closing.abort();
    await this.close();
  }

  /** Lets the reaper go. */
  async close(): Promise<void> {
    clearTimeout(this.#linger);
    await this.#sweeping;
    const hold = this.#hold;
    this.#hold = undefined;
    await hold?.release();
  }

  #held(recipe: DriverRecipe): ReaperHold {
    clearTimeout(this.#linger);
    return (this.#hold ??= holdReaper(this.stateDir, recipe, this.#log));
  }

  /** What is written down of a VM; undefined where it ends with this process anyway, or has ended. */
  ownedBy(session: VmSession): OwnedVm | undefined {
    return this.#owned.get(session);
  }

  /** A VM has ended. */
  ended(session: VmSession): void {
    if (!this.#owned.delete(session)) return;
    if (this.#owned.size > 0) return;
    clearTimeout(this.#linger);
    const tell = (error: unknown) => this.#log(`the reaper could not be let go: ${messageOf(error)}`);
    this.#linger = setTimeout(() => void this.close().catch(tell), LINGER_MS).unref();
  }
}

interface OwnedVmDeps {
  readonly journal: Journal;
  readonly log: LogLine;
  readonly standBy: () => Promise<void>;
  readonly stateDir: string;
}

/** One VM's entry in the journal. Written in order, one after the other. */
export class OwnedVm {
  readonly #session: VmSession;
  readonly #recipe: DriverRecipe;
  readonly #deps: OwnedVmDeps;
  readonly #createdAt = Date.now();
  #step = 'cloning';
  #failure: string | undefined;
  #isOver = true;
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: VmSession, recipe: DriverRecipe, deps: OwnedVmDeps) {
    this.#session = session;
    this.#recipe = recipe;
    this.#deps = deps;
  }

  /** @throws VzvmError ABORTED, and what the journal throws. */
  async intend(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.#deps.standBy(), signal);
    this.#isOver = false;
    await this.#inOrder(async () => this.#deps.journal.write(await this.record()));
  }

  async forget(): Promise<void> {
    this.#isOver = true;
    await this.#inOrder(() => this.#deps.journal.forget(this.#session.name));
  }

  async settled(): Promise<void> {
    await this.#last;
  }

  /** Gives it to nobody. */
  detach(expiresAt: number): Promise<void> {
    return this.#inOrder(async () => {
      const { journal, stateDir } = this.#deps;
      const access = this.#access();
      if (access) await journal.writeAccess(this.#session.name, access);
      await giveToKeeper(journal, stateDir, await this.record(), expiresAt);
      this.#isOver = true;
    });
  }

  /** What the journal should tell by now. Nobody waits for it: a line that is late costs nothing. */
  note(event: VmHandleEvent): void {
    if (event.type === 'step') this.#step = event.step;
    if (event.type === 'failed') this.#failure = `${event.failure.step}: ${event.failure.message}`;
    if (event.type !== 'step' && event.type !== 'failed' && event.type !== 'ready') return;
    const tell = (error: unknown) => this.#deps.log(`${this.#session.name}: ${messageOf(error)}`);
    void this.refresh().catch(tell);
  }

  /** Writes down what is known of the VM now. */
  refresh(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#isOver) return;
      const access = this.#access();
      if (access) await this.#deps.journal.writeAccess(this.#session.name, access);
      await this.#deps.journal.write(await this.record());
    });
  }

  async record(): Promise<VmRecord> {
    const { name, image, plan } = this.#session;
    return {
      version: 1,
      guest: name,
      recipe: this.#recipe,
      owner: await thisOwner(),
      step: this.#step,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      image: image.ref,
      imageDigest: image.digest,
      cpu: plan.resources.cpu,
      memoryMiB: plan.resources.memoryMiB,
      createdAt: this.#createdAt,
    };
  }

  /** Nothing until somebody has logged in with a key that will be let in again. */
  #access(): VmAccess | undefined {
    const { plan, keys, hostKey, keyInstalled, image, token, harnessUrl } = this.#session;
    if (hostKey === undefined || !(keyInstalled || image.acceptsKey)) return undefined;
    const { user, directory } = plan;
    return { user, directory, ...keys, hostKey, token, ...(harnessUrl === undefined ? {} : { harnessUrl }) };
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined); // Told to whoever waits for it.
    return mine;
  }
}
