import { realpath } from 'node:fs/promises';
import { VzvmError } from '../../errors.ts';
import { FIRST_DISK } from './freeze.ts';
import type { GuestFiles } from './paths.ts';
import { readSettings } from './settings.ts';
import { chainOf } from './snapshots/disks.ts';

/**
 * A kept disk rests on one image, and is watched for changes of it: one that rests on more would be damaged unseen when
 * its guest is deleted, or a template.
 * @throws VzvmError UNSUPPORTED for a guest whose disk was frozen before, and for a fork.
 */
export async function demandKeepable(
  guest: string,
  files: GuestFiles,
  base: string,
  signal: AbortSignal,
): Promise<void> {
  const { disk = FIRST_DISK } = (await readSettings(files.settings)) ?? {};
  const { own, bases } = await chainOf(files.folder, disk, signal);
  if (own.length === 1 && bases[0] === (await realpath(base))) return;
  throw new VzvmError('UNSUPPORTED', `the disk of ${guest} rests on more than its image`, {
    facts: { guest },
    hint: 'make the image from a VM of its own: npx vzvm image build',
  });
}
