import { describe, expect, it } from 'vitest';
import { median, summaries, summary } from '../../bench/stats.ts';

describe('the median', () => {
  it.each([
    [[7], 7],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    // As numbers, not as text.
    [[100, 9, 20], 20],
    [[-5, 5], 0],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('of nothing is an error', () => {
    expect(() => median([])).toThrow('nothing was measured');
  });

  it('leaves the measurements in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('a summary', () => {
  it('is in whole milliseconds and keeps each measurement', () => {
    expect(summary([10.6, 1.2, 3.4])).toEqual({ median: 3, min: 1, max: 11, all: [11, 1, 3] });
  });

  it('is made of each name that was measured', () => {
    const measured = [
      { one: 1, other: 10 },
      { one: 3, other: 30 },
    ];
    expect(summaries(measured)).toEqual({
      one: { median: 2, min: 1, max: 3, all: [1, 3] },
      other: { median: 20, min: 10, max: 30, all: [10, 30] },
    });
  });
});
