import { describe, expect, it } from 'vitest';
import { parseCommand, UsageError } from '../../bench/args.ts';
import type { BootSample } from '../../bench/boot.ts';
import { compare } from '../../bench/compare.ts';
import type { FloorSample } from '../../bench/floor.ts';
import { median, summary } from '../../bench/stats.ts';

const boot = (totalMs: number, sshMs: number): BootSample => ({
  totalMs,
  states: [
    { state: 'cloning', ms: 100, skipped: false },
    { state: 'ssh-connect', ms: sshMs, skipped: false },
    { state: 'npm-install', ms: 0, skipped: true },
  ],
});
const floor = (banner: number): FloorSample => ({
  parts: { overlay: 50, banner, nodeInstall: 0, npmInstall: 0, harness: 150 },
  loginMs: 10,
});

describe('the comparison of boots with floors', () => {
  it('is of the medians, and names what was skipped', () => {
    const boots = [boot(1_300, 1_000), boot(1_100, 900), boot(9_000, 8_000)];
    const result = compare(boots, [floor(800), floor(700), floor(5_000)]);
    expect(result.boot.total).toEqual({ median: 1_300, min: 1_100, max: 9_000, all: [1_300, 1_100, 9_000] });
    expect(result.floor.total.median).toBe(1_000);
    expect(result.overhead).toEqual({ ms: 300, percentOfFloor: 30 });
    expect(result.boot.before.median).toBe(200);
    expect(result.boot.states.map(({ state, skipped, median: ms }) => [state, skipped, ms])).toEqual([
      ['cloning', false, 100],
      ['ssh-connect', false, 1_000],
      ['npm-install', true, 0],
    ]);
  });

  it('takes the mean of the middle two of an even number, and refuses none', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(summary([1.4, 2.4])).toEqual({ median: 2, min: 1, max: 2, all: [1, 2] });
    expect(() => median([])).toThrow('nothing was measured');
  });
});

describe('the command line of the cold benchmark', () => {
  it('measures each thing three times unless told otherwise', () => {
    expect(parseCommand(['cold'])).toEqual({ name: 'cold', json: false, runs: 3, freshRuns: 3, waitMs: 0 });
    expect(parseCommand(['cold', '--runs', '5', '--fresh-runs', '1', '--wait', '2'])).toMatchObject({
      runs: 5,
      freshRuns: 1,
      waitMs: 2_000,
    });
  });

  it.each([
    [['cold', '--runs', '0']],
    [['cold', '--runs', '2', '--fresh-runs', '3']],
    [['cold', '--fast']],
    [['warm']],
    [[]],
  ])('refuses %j', (args) => {
    expect(() => parseCommand(args)).toThrow(UsageError);
  });
});
