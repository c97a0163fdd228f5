import { describe, expect, it } from 'vitest';
import type { BaseImage, KeptImage } from '../../src/drivers/driver.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { createBootContext } from '../../src/substrate/boot-context.ts';
import { listStored, pruneStored, removeStored, toPrune } from '../../src/substrate/image-store.ts';
import { TemplateRecords } from '../../src/substrate/template-records.ts';
import { tidy } from '../../src/substrate/tidy.ts';
import { giveSnapshots } from '../helpers/snapshots.ts';
import { tempDir } from '../helpers/temp.ts';

const DAY_MS = 86_400_000;
const GIB = 1024 ** 3;
const NOW = 100 * DAY_MS;

const image = (key: string, days: number, gib = 1): KeptImage => ({
  key,
  base: 'debian:12',
  description: '',
  bytes: gib * GIB,
  createdAt: 0,
  usedAt: NOW - days * DAY_MS,
});
const keysOf = (images: readonly KeptImage[]) => images.map(({ key }) => key);

describe('pruning prepared images', () => {
  it('takes nothing that it was not asked to take', () => {
    expect(toPrune([image('a', 50), image('b', 99, 500)], {}, NOW)).toEqual([]);
  });

  it('takes what was not used for as long', () => {
    const images = [image('new', 1), image('old', 8), image('older', 30)];
    expect(keysOf(toPrune(images, { unusedDays: 7 }, NOW))).toEqual(['old', 'older']);
  });

  it('takes the least recently used until the others fit', () => {
    const images = [image('third', 3, 2), image('first', 1, 2), image('second', 2, 2)];
    expect(keysOf(toPrune(images, { budgetGiB: 4 }, NOW))).toEqual(['third']);
    expect(keysOf(toPrune(images, { budgetGiB: 3 }, NOW))).toEqual(['second', 'third']);
  });

  it('leaves the one that was used last, whatever its size', () => {
    expect(keysOf(toPrune([image('first', 1, 9), image('second', 2, 1)], { budgetGiB: 4 }, NOW))).toEqual([
      'second',
    ]);
  });

  it('keeps a small one that fits beside where a large one does not', () => {
    const images = [image('first', 1, 2), image('large', 2, 9), image('small', 3, 1)];
    expect(keysOf(toPrune(images, { budgetGiB: 4 }, NOW))).toEqual(['large']);
  });

  it('leaves what is in use, and lets it count', () => {
    const images = [image('first', 1, 2), { ...image('second', 20, 3), inUse: true }, image('third', 30, 2)];
    expect(keysOf(toPrune(images, { unusedDays: 7 }, NOW))).toEqual(['third']);
    expect(keysOf(toPrune(images, { budgetGiB: 1 }, NOW))).toEqual(['third']);
  });
});

/** A driver with these images, each with a template, and bases. */
async function setUp(images: readonly KeptImage[], bases: readonly BaseImage[] = []) {
  const temp = await tempDir();
  const driver = createFakeDriver();
  const [left, leftBases] = [
    new Map(images.map((each) => [each.key, each])),
    new Map(bases.map((each) => [each.key, each])),
  ];
  const templates = giveSnapshots(driver);
  Object.assign(driver, {
    listImages: () => Promise.resolve([...left.values()]),
    removeImage: (key: string) => Promise.resolve(void left.delete(key)),
    bases: {
      list: () => Promise.resolve([...leftBases.values()]),
      remove: (key: string) => Promise.resolve(void leftBases.delete(key)),
    },
  });
  const records = new TemplateRecords(driver, temp.path);
  for (const { key } of images) await records.write(`template-of-${key}`, { secret: 's', image: key });
  const keys = async () => (await listStored({ driver, records })).map(({ key }) => key).toSorted();
  const dispose = temp[Symbol.asyncDispose];
  return { store: { driver, records }, keys, templates, cacheDir: temp.path, [Symbol.asyncDispose]: dispose };
}

const base = (key: string, days: number, more: Partial<BaseImage> = {}): BaseImage => ({
  key,
  bytes: GIB,
  usedAt: Date.now() - days * DAY_MS,
  inUse: false,
  isOutdated: true,
  ...more,
});
const now = (key: string, gib: number): KeptImage => ({ ...image(key, 0, gib), usedAt: Date.now() });

describe('what is stored', () => {
  it('loses the templates of an image with the image', async () => {
    await using it = await setUp([now('one', 1), now('other', 1)]);
    await removeStored(it.store, { kind: 'prepared', key: 'one' });
    expect(await it.keys()).toEqual(['other', 'template-of-other']);
    expect(it.templates).toEqual(['template-of-one']);
  });

  it('loses templates that nobody can claim, but none that others have saved', async () => {
    await using it = await setUp([now('one', 1)]);
    const lost = '0123456789abcdef01234567';
    Object.assign(it.store.driver.snapshots ?? {}, {
      list: () => Promise.resolve([lost, 'template-of-one', 'a-key-of-somebody-else']),
    });
    await pruneStored(it.store, {});
    expect(it.templates).toEqual([lost]);
  });

  it('loses base images that are outdated, unused for long and rested on by nothing', async () => {
    const bases = [
      base('outdated', 8),
      base('used-lately', 6),
      base('rested-on', 99, { inUse: true }),
      base('current', 99, { isOutdated: false }),
    ];
    await using it = await setUp([], bases);
    expect((await pruneStored(it.store, {})).map(({ kind, key }) => [kind, key])).toEqual([
      ['base', 'outdated'],
    ]);
    expect((await pruneStored(it.store, { unusedDays: 5 })).map(({ key }) => key)).toEqual(['used-lately']);
    expect(await it.keys()).toEqual(['current', 'rested-on']);
  });

  it('stays within 20 GiB by itself after an image was added, or within what is asked for', async () => {
    await using it = await setUp([
      now('one', 9),
      { ...now('two', 9), usedAt: 1 },
      { ...now('three', 9), usedAt: 0 },
    ]);
    const lines: string[] = [];
    const tidied = (imageBudgetGiB?: number) => {
      const options = { cacheDir: it.cacheDir, ...(imageBudgetGiB === undefined ? {} : { imageBudgetGiB }) };
      const log = (line: string) => void lines.push(line);
      const driver = () => Promise.resolve(it.store.driver);
      return tidy(
        createBootContext({ options, log, driver, closing: new AbortController().signal }),
        it.store.driver,
      );
    };
    await tidied();
    expect(await it.keys()).toEqual(['one', 'template-of-one', 'template-of-two', 'two']);
    await tidied(10);
    expect(await it.keys()).toEqual(['one', 'template-of-one']);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain('prepared three');
  });
});
