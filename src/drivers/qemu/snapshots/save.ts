import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VzvmError } from '../../../errors.ts';
import { syncFiles } from '../images/cache.ts';
import { FIRST_DISK } from '../freeze.ts';
import type { GuestFiles } from '../paths.ts';
import type { GuestSettings } from '../settings.ts';
import type { Accelerator } from '../args.ts';
import { chainOf, makeEmptyDisk, type DiskChain } from './disks.ts';
import { MEMORY, OVERLAY, SEED, STATE } from './layout.ts';
import { MANIFEST, stampOf, type Manifest } from './manifest.ts';
import { takeFile } from './take-file.ts';
import { endGuest } from './save-ending.ts';

/** A guest that is being saved. */
export interface Saving {
  readonly guest: string;
  readonly files: GuestFiles;
  readonly settings: GuestSettings;
  readonly keepRunning: boolean;
  /** Where the template is made. */
  readonly temp: string;
  /** Where it will be. */
  readonly folder: string;
  readonly runner: string;
  readonly accelerator: Accelerator;
  readonly signal: AbortSignal;
}

/** Fills a template's folder from a running guest. */
export async function saveGuest(saving: Saving): Promise<void> {
  const { files, settings, temp, signal } = saving;
  const disk = settings.disk ?? FIRST_DISK;
  if (saving.keepRunning || settings.memoryFile === undefined)
    throw new VzvmError('UNSUPPORTED', 'only a guest that was cloned as snapshotable, and ends, can be saved');
  await endGuest(saving);
  const chain = await chainOf(files.folder, disk, signal);
  await takeFile(join(files.folder, settings.memoryFile ?? MEMORY), join(temp, MEMORY), false);
  for (const name of chain.own) await takeFile(join(files.folder, name), join(temp, name), false);
  await finish(saving, disk, chain);
}

/** What a template has besides memory, state and disks; the manifest last. */
async function finish(saving: Saving, disk: string, chain: DiskChain): Promise<void> {
  const { files, settings, temp, folder, signal } = saving;
  await makeEmptyDisk(join(temp, OVERLAY), join(folder, disk), chain.virtualBytes, signal);
  if (settings.hasSeed) await cp(files.seed, join(temp, SEED), { recursive: true });
  await syncFiles(temp);
  const { resources, hasSeed, boot, authorizedKey } = settings;
  const own = [MEMORY, STATE, OVERLAY, ...chain.own];
  const bases = [...chain.bases, ...(boot ? [boot.kernel, boot.initrd] : [])];
  const manifest: Manifest = {
    runner: saving.runner,
    accelerator: saving.accelerator,
    settings: { resources, hasSeed, boot, ...(authorizedKey === undefined ? {} : { authorizedKey }) },
    own: await Promise.all(own.map((name) => stampOf(name, join(temp, name)))),
    bases: await Promise.all(bases.map((path) => stampOf(path))),
  };
  await writeFile(join(temp, MANIFEST), `${JSON.stringify(manifest)}\n`, { mode: 0o600, flush: true });
}
