import type { Driver, KeptImage } from '../drivers/driver.ts';
import { isTemplateKey } from './template.ts';
import type { TemplateRecords } from './template-records.ts';

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

/** Another version of this package may still build from it. */
const OUTDATED_DAYS = 7;
const DAY_MS = 24 * 60 * 60_000;
const GIB = 1024 ** 3;

/** Which images go. The one used last stays, whatever its size, and so do those in use. Pure. */
export function toPrune(
  images: readonly KeptImage[],
  { unusedDays = Infinity, budgetGiB = Infinity }: PruneOptions,
  now: number,
): readonly KeptImage[] {
  let bytes = 0;
  return images
    .toSorted((one, other) => other.usedAt - one.usedAt)
    .filter((image, index) => {
      if (!image.inUse && now - image.usedAt > unusedDays * DAY_MS) return true;
      bytes += image.bytes;
      if (index === 0 || image.inUse || bytes <= budgetGiB * GIB) return false;
      bytes -= image.bytes;
      return true;
    });
}

/** What a driver keeps on this host for VMs to start from. */
export interface StoredItem {
  /** `prepared`: a disk with Node and the packages; `template`: memory to fork from; `base`: what the driver has built. */
  readonly kind: 'prepared' | 'template' | 'base';
  readonly key: string;
  readonly description: string;
  /** Bytes on the host's disk, without those of what it rests on. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  /** Something on this host rests on it. */
  readonly inUse: boolean;
}

/** Where things are kept: by the driver, and what is known of its templates. */
export interface ImageStore {
  readonly driver: Driver;
  readonly records: TemplateRecords;
}

/** All that is kept: prepared images, then templates, then base images. */
export async function listStored({ driver, records }: ImageStore): Promise<readonly StoredItem[]> {
  const prepared = (await driver.listImages()).map(({ inUse = false, ...image }): StoredItem => ({
    kind: 'prepared',
    inUse,
    ...image,
  }));
  const templates = (await records.list()).map(async ({ key, image, usedAt }): Promise<StoredItem> => {
    const bytes = (await driver.snapshots?.bytesOf?.(key)) ?? 0;
    return { kind: 'template', key, description: `a VM from ${image}`, bytes, usedAt, inUse: false };
  });
  const bases = ((await driver.bases?.list()) ?? []).map(({ isOutdated, ...base }): StoredItem => {
    const description = isOutdated ? 'a base image, of an older recipe' : 'a base image';
    return { kind: 'base', description, ...base };
  });
  return [...prepared, ...(await Promise.all(templates)), ...bases];
}

/** Removes one, with the templates that rest on it. VMs that run from it run on. */
export async function removeStored(
  store: ImageStore,
  { kind, key }: Pick<StoredItem, 'kind' | 'key'>,
): Promise<void> {
  if (kind === 'template') return removeTemplate(store, key);
  if (kind === 'base') return store.driver.bases?.remove(key);
  for (const template of await store.records.list())
    if (template.image === key) await removeTemplate(store, template.key);
  await store.driver.removeImage(key);
}

async function removeTemplate({ driver, records }: ImageStore, key: string): Promise<void> {
  await records.remove(key);
  await driver.snapshots?.remove(key);
}

/** Removes prepared images by {@link toPrune}, templates without one, and outdated base images; answers what went. */
export async function pruneStored(store: ImageStore, options: PruneOptions): Promise<readonly StoredItem[]> {
  const now = Date.now();
  const before = await listStored(store);
  const { unusedDays = OUTDATED_DAYS } = options;
  const images = toPrune(await store.driver.listImages(), options, now);
  for (const { key } of images) await removeStored(store, { kind: 'prepared', key });
  await removeTemplatesOf(store, new Set((await store.driver.listImages()).map(({ key }) => key)));
  // Those that were rested on are free now.
  for (const base of (await store.driver.bases?.list()) ?? [])
    if (base.isOutdated && !base.inUse && now - base.usedAt > unusedDays * DAY_MS)
      await removeStored(store, { kind: 'base', key: base.key });
  const left = new Set((await listStored(store)).map(({ key }) => key));
  return before.filter(({ key }) => !left.has(key));
}

async function removeTemplatesOf(store: ImageStore, images: ReadonlySet<string>): Promise<void> {
  const known = await store.records.list();
  for (const { key, image } of known) if (!images.has(image)) await removeTemplate(store, key);
  // Nobody can claim what is forked from one without a record.
  const saved = (await store.driver.snapshots?.list()) ?? [];
  for (const key of saved.filter(isTemplateKey))
    if (!known.some((each) => each.key === key)) await removeTemplate(store, key);
}
