import { describe, expect, it } from 'vitest';
import type { KeptImage } from '../../src/drivers/driver.ts';
import { toPrune } from '../../src/substrate/image-store.ts';

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
});
