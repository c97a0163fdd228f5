import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FIRST_DISK } from '../freeze.ts';
import { syncFiles } from '../images/cache.ts';
import { convert } from './convert.ts';
import { chainOf, makeEmptyDisk, type DiskChain } from './disks.ts';
import { kernelRuns } from './kernel-runs.ts';
import { MEMORY, OVERLAY, SEED, STATE } from './layout.ts';
import { lastingSettings, MANIFEST, stampOf, type Manifest } from './manifest.ts';
import { saveEnding } from './save-ending.ts';
import { saveLive } from './save-live.ts';
import type { Saving } from './saving.ts';
import { writeStandIn } from './stand-in.ts';
import { takeFile } from './take-file.ts';

/** Fills a template's folder from a running guest. */
export async function saveGuest(saving: Saving): Promise<void> {
  const { files, settings, keepRunning, temp, signal } = saving;
  const { disk = FIRST_DISK, memoryFile } = settings;
  const isInPlace = memoryFile !== undefined && !keepRunning;
  const chain = await chainOf(files.folder, disk, signal);
  // Before it stands still: what is in memory then, is there when it is saved.
  const hasKernel = settings.boot !== undefined && saving.arch.node === 'x64' && (await kernelRuns(saving));
  await (isInPlace ? saveEnding(saving) : saveLive(saving, disk, chain.virtualBytes));
  for (const name of chain.own) await takeFile(join(files.folder, name), join(temp, name), keepRunning);
  if (isInPlace) await takeFile(join(files.folder, memoryFile), join(temp, MEMORY), false);
  else await convert(saving, disk, chain);
  await finish(saving, disk, chain, hasKernel);
}

/** What a template has besides memory, state and disks; the manifest last. */
async function finish(saving: Saving, disk: string, chain: DiskChain, hasKernel: boolean): Promise<void> {
  const { files, settings, temp, folder, signal } = saving;
  await makeEmptyDisk(join(temp, OVERLAY), join(folder, disk), chain.virtualBytes, signal);
  if (settings.hasSeed) await cp(files.seed, join(temp, SEED), { recursive: true });
  const standIn = settings.boot && hasKernel ? await writeStandIn(temp, settings.boot) : undefined;
  await syncFiles(temp);
  const own = [MEMORY, STATE, OVERLAY, ...chain.own, ...Object.values(standIn ?? {})];
  const bases = [...chain.bases, ...Object.values(settings.boot ?? {})];
  const manifest: Manifest = {
    runner: saving.runner,
    accelerator: saving.accelerator,
    settings: lastingSettings(settings),
    ...(standIn ? { standIn } : {}),
    own: await Promise.all(own.map((name) => stampOf(name, join(temp, name)))),
    bases: await Promise.all(bases.map((path) => stampOf(path))),
  };
  await writeFile(join(temp, MANIFEST), `${JSON.stringify(manifest)}\n`, { mode: 0o600, flush: true });
}
