import { describe, expect, it } from 'vitest';
import { parseCommand, UsageError } from '../../bench/args.ts';
import type { BootSample } from '../../bench/boot.ts';
import { compare, type ColdReport } from '../../bench/compare.ts';
import type { FloorSample } from '../../bench/floor.ts';
import { columns, table } from '../../bench/report.ts';

const boot = (sshConnect: number, npmInstall?: number): BootSample => ({
  totalMs: 40 + 20 + sshConnect + (npmInstall ?? 0) + 3000,
  states: [
    { state: 'cloning', ms: 20, skipped: false },
    { state: 'ssh-connect', ms: sshConnect, skipped: false },
    { state: 'npm-install', ms: npmInstall ?? 0, skipped: npmInstall === undefined },
    { state: 'spawn', ms: 3000, skipped: false },
  ],
});
const floor = (banner: number, npmInstall = 0): FloorSample => ({
  parts: { overlay: 20, banner, nodeInstall: 0, npmInstall, harness: 2980 },
  loginMs: 900,
});

const fresh = compare([boot(12_000, 80_000)], [floor(11_000, 81_000)]);
const prepared = compare(
  [boot(12_000), boot(11_000), boot(16_000)],
  [floor(10_000), floor(9_000), floor(11_000)],
);
const report: ColdReport = {
  benchmark: 'cold',
  runs: 3,
  freshRuns: 1,
  host: { processors: 2, memoryMiB: 4096, arch: 'x64', qemu: '7.2.22', accelerator: 'tcg', node: '24.0.0' },
  guest: { image: 'debian:12', cpu: 2, memoryMiB: 2048 },
  preparing: boot(12_000, 90_000),
  fresh,
  prepared,
  others: [0, 0.25],
};

describe('a boot beside the same by hand', () => {
  it('comes to medians, and to what is above the floor', () => {
    expect(prepared.boot.total).toEqual({
      median: 15_060,
      min: 14_060,
      max: 19_060,
      all: [15_060, 14_060, 19_060],
    });
    expect(prepared.floor.total).toMatchObject({ median: 13_000, min: 12_000, max: 14_000 });
    expect(prepared.overhead).toEqual({ ms: 2060, percentOfFloor: 15.8 });
  });

  it('says what came before the first state, and what every state took', () => {
    expect(prepared.boot.before.all).toEqual([40, 40, 40]);
    expect(prepared.boot.states.map(({ state, median, skipped }) => [state, median, skipped])).toEqual([
      ['cloning', 20, false],
      ['ssh-connect', 12_000, false],
      ['npm-install', 0, true],
      ['spawn', 3000, false],
    ]);
  });

  it('counts what the guest itself has to do as part of the floor, and a login not', () => {
    expect(fresh.floor.total.median).toBe(20 + 11_000 + 81_000 + 2980);
    expect(fresh.floor.login.median).toBe(900);
    expect(fresh.overhead).toEqual({ ms: 60, percentOfFloor: 0.1 });
  });

  it('may be faster than by hand', () => {
    expect(compare([boot(9_000)], [floor(10_000)]).overhead).toEqual({ ms: -940, percentOfFloor: -7.2 });
  });

  it('is nothing where nothing was measured', () => {
    expect(() => compare([], [])).toThrow('nothing was measured');
  });
});

describe('the report', () => {
  it('is a table for people', () => {
    const lines = table(report).split('\n');
    expect(lines[2]).toBe('others had 0 % to 25 % of the processors beside the measurements');
    expect(lines).toContain('npm-install         skipped    0.00 – 0.00');
    expect(lines).toContain('bootHarness()         15.06  14.06 – 19.06');
    expect(lines).toContain('booting to ssh-connect    12.00    10.00   2.00');
    expect(lines).toContain('total                     15.06    13.00   2.06');
    expect(lines).toContain(
      'above the floor: 2.06 s, 15.8 % (an SSH login by hand, no part of the floor: 0.90 s)',
    );
  });

  it('is JSON for programs, in one line and without a loss', () => {
    const line = JSON.stringify(report);
    expect(line).not.toContain('\n');
    expect(line).not.toContain('null');
    expect(JSON.parse(line)).toEqual(report);
  });

  it('puts names to the left and numbers to the right', () => {
    expect(
      columns([
        ['', 'ms'],
        ['spawn', '7'],
      ]),
    ).toEqual(['       ms', 'spawn   7']);
  });
});

describe('the command line of cold', () => {
  it('has its defaults, and measures everything equally often', () => {
    expect(parseCommand(['cold'])).toEqual({ name: 'cold', json: false, runs: 3, freshRuns: 3, waitMs: 0 });
    expect(parseCommand(['cold', '--json', '--runs', '5', '--fresh-runs', '1', '--wait=60'])).toEqual({
      name: 'cold',
      json: true,
      runs: 5,
      freshRuns: 1,
      waitMs: 60_000,
    });
    expect(parseCommand(['--help'])).toEqual({ name: 'help' });
  });

  it.each([
    [[]],
    [['warm']],
    [['cold', 'fleet']],
    [['cold', '--quick']],
    [['cold', '--runs']],
    [['cold', '--runs', '0']],
    [['cold', '--runs', '1e1']],
    [['cold', '--runs', '100']],
    [['cold', '--runs', '3', '--fresh-runs', '4']],
    [['cold', '--wait', '-1']],
    [['cold', '--json=yes']],
  ])('refuses %j', (args) => {
    expect(() => parseCommand(args)).toThrow(UsageError);
  });
});
