import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDir } from '../drivers/folders.ts';
import { isAborted, messageOf } from '../errors.ts';
import type { BootContext } from './boot-context.ts';
import { BootError } from './boot-error.ts';
import { removeStored } from './image-store.ts';
import { preparedKey, type Wanted } from './prepared-image.ts';
import { TemplateRecords } from './template-records.ts';

/** In succession, and of any process: a host that is slow for so long is better served by a deadline of its own. */
const MOST_DOUBTS = 3;
/** A shorter deadline, that somebody has set, says nothing of the image. */
const LONG_MS = 180_000;

/** Of Linux and its init, and of QEMU, when a disk is not what they need. */
const BROKEN =
  /Kernel panic|Unable to mount root|emergency mode|press Enter for maintenance|No working init|Image is corrupt|not in qcow2 format|Could not open '[^']*\.qcow2'/;
/** Of the same when something else is wrong. */
const NOT_ITS_FAULT =
  /Out of memory|deadlocked on memory|terminating on signal|No space left|Permission denied/;

/** Whether a boot failed as it does from a damaged image. `perhaps`: as it does on a slow host, too. Pure. */
export function blameOf(error: unknown): 'image' | 'perhaps' | 'nothing' {
  if (!(error instanceof BootError)) return 'nothing';
  const { step, code, facts, consoleTail, stderrTail = '', exitCode } = error;
  const told = `${consoleTail}\n${stderrTail}`;
  // Once somebody was logged in the guest has booted.
  if (!['cloning', 'booting', 'ip-polling', 'ssh-connect'].includes(step) || NOT_ITS_FAULT.test(told))
    return 'nothing';
  if (BROKEN.test(told) || code === 'SSH_AUTH_FAILED') return 'image';
  // One that was killed on this host has a signal in the place of a code.
  if (code === 'GUEST_EXITED') return exitCode === 0 ? 'image' : 'nothing';
  if (code !== 'STEP_TIMEOUT' || !['ip-polling', 'ssh-connect'].includes(step)) return 'nothing';
  return Number(facts['timeoutMs']) >= LONG_MS ? 'perhaps' : 'nothing';
}

/** Boots from a prepared image. One that a failure points to is removed, so that the next boot makes it anew. */
export async function judgingImage(
  context: BootContext,
  wanted: Wanted,
  boot: () => Promise<void>,
): Promise<void> {
  const doubts = new Doubts(context, preparedKey(wanted));
  try {
    await boot();
  } catch (error) {
    if (!isAborted(error)) await judge(context, wanted, doubts, error);
    throw error;
  }
  await doubts.clear();
}

async function judge(
  { options, log }: BootContext,
  wanted: Wanted,
  doubts: Doubts,
  error: unknown,
): Promise<void> {
  const blame = blameOf(error);
  if (blame === 'nothing') return;
  const key = preparedKey(wanted);
  try {
    if (blame === 'perhaps' && (await doubts.add()) < MOST_DOUBTS) return;
    await removeStored(
      { driver: wanted.driver, records: new TemplateRecords(wanted.driver, options.cacheDir) },
      { kind: 'prepared', key },
    );
    await doubts.clear();
    log(
      `the prepared image ${key} is removed, because a VM did not boot from it: the next one makes it anew`,
    );
  } catch (problem) {
    log(`the prepared image ${key} may be damaged, and could not be removed: ${messageOf(problem)}`);
  }
}

/** Boots in succession that failed from an image. Kept in a file: a program may boot once. */
class Doubts {
  readonly #folder: string;
  readonly #file: string;

  constructor({ options }: BootContext, key: string) {
    this.#folder = join(options.cacheDir ?? defaultCacheDir(), 'doubts');
    this.#file = join(this.#folder, key);
  }

  async add(): Promise<number> {
    const before = Number(await readFile(this.#file, 'utf8').catch(() => '0')); // None so far.
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(this.#file, String(before + 1), { mode: 0o600 });
    return before + 1;
  }

  async clear(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}
