import type { Driver, KeptImage } from '../drivers/driver.ts';

/** What became of a prepared image that was asked for. */
export interface PreparedImage {
  readonly key: string;
  /** False: it was there already. */
  readonly made: boolean;
  /** There is a template, too: VMs are forked from it. */
  readonly hasTemplate: boolean;
}

/** What is left of prepared images when they are pruned. */
export interface PruneOptions {
  /** Images that were not used for as long go. In days. */
  readonly unusedDays?: number;
  /** Then the least recently used go until the others take no more. In GiB. */
  readonly budgetGiB?: number;
}

const DAY_MS = 24 * 60 * 60_000;
const GIB = 1024 ** 3;

/** Which images go. The one used last stays, whatever its size. Pure. */
export function toPrune(
  images: readonly KeptImage[],
  { unusedDays = Infinity, budgetGiB = Infinity }: PruneOptions,
  now: number,
): readonly KeptImage[] {
  let bytes = 0;
  return images
    .toSorted((one, other) => other.usedAt - one.usedAt)
    .filter((image, index) => {
      if (now - image.usedAt > unusedDays * DAY_MS) return true;
      bytes += image.bytes;
      if (index === 0 || bytes <= budgetGiB * GIB) return false;
      bytes -= image.bytes;
      return true;
    });
}

/** Removes what {@link toPrune} names; answers it. */
export async function pruneImages(driver: Driver, options: PruneOptions): Promise<readonly KeptImage[]> {
  const pruned = toPrune(await driver.listImages(), options, Date.now());
  for (const { key } of pruned) await driver.removeImage(key);
  return pruned;
}
