import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Of each step the last ones: a host that was made faster is known to be faster soon. */
const MOST_TIMES = 15;
/** One time may have been an odd one. */
const LEAST_TIMES = 2;
/** Drivers with their accelerators, times the ways to start: nobody has more of them in use. */
const MOST_KINDS = 32;

const times = z.record(z.string(), z.array(z.number().min(0)));
const file = z.object({ version: z.literal(1), kinds: z.record(z.string(), times) });

type Kinds = Readonly<Record<string, z.infer<typeof times>>>;

/** How long steps have taken, in milliseconds. */
export type StepTimes = Readonly<Record<string, number>>;

/**
 * How long the steps of past boots took on this machine, by the kind of boot. A file beside the journal: bounded, and
 * without a word of what ran in the VMs.
 */
export class BootTimes {
  readonly #folder: string;
  #last: Promise<unknown> = Promise.resolve();

  /** @param stateDir the folder that VMs live in */
  constructor(stateDir: string) {
    this.#folder = stateDir;
  }

  get #path(): string {
    return join(this.#folder, 'boot-times.json');
  }

  /** What each step of this kind usually takes: the median of what it took. A step that was seen once has none. */
  async usual(kind: string): Promise<StepTimes> {
    const known = (await this.#read())[kind] ?? {};
    const enough = Object.entries(known).filter(([, all]) => all.length >= LEAST_TIMES);
    return Object.fromEntries(enough.map(([step, all]) => [step, medianOf(all)]));
  }

  /**
   * Adds the times of a boot. Two programs that do it at once may lose one of them. The folder is there by then, or is
   * gone again, and then nothing is written. @throws what the system says.
   */
  add(kind: string, steps: StepTimes): Promise<void> {
    const mine = this.#last.then(() => this.#add(kind, steps));
    this.#last = mine.catch(() => undefined); // Told to whoever waits for it.
    return mine;
  }

  /** Resolves when all that was added is written, or could not be. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #add(kind: string, steps: StepTimes): Promise<void> {
    const { [kind]: known = {}, ...others } = await this.#read();
    const added = Object.entries(steps).map(([step, ms]) => [
      step,
      [...(known[step] ?? []), Math.round(ms)].slice(-MOST_TIMES),
    ]);
    // The kind that was used last is the last one.
    const kinds = Object.entries({ ...others, [kind]: { ...known, ...Object.fromEntries(added) } });
    await this.#write(Object.fromEntries(kinds.slice(-MOST_KINDS)));
  }

  async #read(): Promise<Kinds> {
    try {
      return file.parse(JSON.parse(await readFile(this.#path, 'utf8'))).kinds;
    } catch {
      return {}; // There is none yet, or one that another version wrote: nothing depends on it.
    }
  }

  async #write(kinds: Kinds): Promise<void> {
    const unfinished = `${this.#path}.${randomBytes(6).toString('hex')}.new`;
    try {
      await writeFile(unfinished, `${JSON.stringify({ version: 1, kinds })}\n`, { mode: 0o600 });
      await rename(unfinished, this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      await rm(unfinished, { force: true });
      throw error;
    }
  }
}

function medianOf(all: readonly number[]): number {
  const sorted = all.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
