import { cp, link, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VZVMSubstrate } from '@computeragent/runtime-vzvm';
import { defaultCacheDir } from '../src/drivers/folders.ts';
import { abandon } from './abandon.ts';
import type { ChaosDriver } from './cells.ts';
import { type ControlGroup, makeControlGroup } from './cgroup.ts';
import { mountDisk } from './disk.ts';

/** The folder of the stand-in's executable. */
const STANDIN = fileURLToPath(new URL('../test/standin/bin', import.meta.url));

/** Folders of one run's own: what is left in them is its own doing. */
export interface RunPlace {
  readonly root: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly temporary: string;
  readonly tartHome: string;
  readonly env: NodeJS.ProcessEnv;
  /** All that the run has started is in it; undefined where there are none. */
  readonly group: ControlGroup | undefined;
}

/** What all runs start from: an image that is prepared once. */
export interface Ground extends AsyncDisposable {
  newRun(number: number, options?: { readonly hasOwnDisk?: boolean }): Promise<RunPlace>;
}

/** Prepares what runs start from. What is interrupted leaves nothing. */
export async function prepareGround(
  driver: ChaosDriver,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Ground> {
  const root = await mkdtemp(join(tmpdir(), 'chaos-'));
  const first = await prepareFirst(driver, root, say, signal).catch(async (error: unknown) => {
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    throw error;
  });
  return {
    newRun: async (number, { hasOwnDisk = false } = {}) => {
      const name = `run-${number}`;
      const run = placeIn(join(root, name), await makeControlGroup(`${basename(root)}-${name}`));
      try {
        await furnish(run, { driver, first, hasOwnDisk });
        return run;
      } catch (error) {
        await abandon(run);
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await rm(first.root, { recursive: true, force: true });
      // What is left in it is evidence.
      if ((await readdir(root)).length === 0) await rm(root, { recursive: true });
    },
  };
}

async function furnish(
  run: RunPlace,
  { driver, first, hasOwnDisk }: { driver: ChaosDriver; first: RunPlace; hasOwnDisk: boolean },
): Promise<void> {
  if (hasOwnDisk) await mountDisk(run);
  for (const folder of [run.stateDir, run.temporary, run.tartHome]) await mkdir(folder, { recursive: true });
  if (driver === 'standin') await copyTart(first, run);
  if (driver === 'qemu') await linkCache(join(first.cacheDir, 'qemu'), run);
}

function placeIn(root: string, group?: ControlGroup): RunPlace {
  const at = (name: string) => join(root, name);
  const [stateDir, temporary, tartHome] = [at('own/state'), at('own/tmp'), at('tart')];
  const env = {
    ...process.env,
    PATH: `${STANDIN}:${process.env['PATH']}`,
    TART_HOME: tartHome,
    TMPDIR: temporary,
    VZVM_HOME: stateDir,
  };
  return { root, stateDir, cacheDir: at('cache'), temporary, tartHome, env, group };
}

async function prepareFirst(
  driver: ChaosDriver,
  root: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<RunPlace> {
  if (driver === 'fake') return placeIn(join(root, 'ground'));
  say('preparing the image that the runs start from');
  return driver === 'standin' ? prepareTart(root, signal) : prepareQemu(root, signal);
}

async function prepareTart(root: string, signal: AbortSignal): Promise<RunPlace> {
  const place = placeIn(join(root, 'ground'));
  await mkdir(place.tartHome, { recursive: true });
  Object.assign(process.env, { PATH: place.env['PATH'], TART_HOME: place.tartHome });
  const { stateDir, cacheDir } = place;
  await using substrate = new VZVMSubstrate({ driver: 'tart', stateDir, cacheDir, signal });
  await substrate.prepareImage();
  return place;
}

/** Disks of images are never written to: a link is as good as a copy. */
async function copyTart(ground: RunPlace, run: RunPlace): Promise<void> {
  await cp(ground.cacheDir, run.cacheDir, { recursive: true });
  for (const folder of ['cache', 'vms'])
    await linkTree(join(ground.tartHome, folder), join(run.tartHome, folder));
  await mkdir(join(run.tartHome, 'faults'));
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isSymbolicLink()) {
      // By tag: to the digest beside it.
      const digest = (await readdir(from)).find((name) => name.startsWith('sha256:')) ?? '';
      await symlink(join(to, digest), target);
    } else await link(source, target);
  }
}

async function prepareQemu(root: string, signal: AbortSignal): Promise<RunPlace> {
  await using substrate = new VZVMSubstrate({ driver: 'qemu', fork: 'never', signal });
  await substrate.prepareImage();
  return { ...placeIn(join(root, 'ground')), cacheDir: defaultCacheDir() };
}

/** Templates stay out: a fork skips the states that are to be met. */
async function linkCache(images: string, run: RunPlace): Promise<void> {
  const cache = join(run.cacheDir, 'qemu');
  await mkdir(cache, { recursive: true });
  const shared = (await readdir(images)).filter((name) => /^(debian-|accelerator-|kept-)/.test(name));
  for (const name of shared) await symlink(join(images, name), join(cache, name));
}
