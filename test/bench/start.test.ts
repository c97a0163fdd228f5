import { describe, expect, it } from 'vitest';
import { parseCommand, UsageError } from '../../bench/args.ts';
import { benchStart } from '../../bench/start.ts';
import { aimsOf } from '../../bench/start/aims.ts';
import { fakeSubject } from '../../bench/start/fake.ts';
import { linesOf, startTable, verdicts } from '../../bench/start/report.ts';
import { ROWS } from '../../bench/start/rows.ts';
import { p95 } from '../../bench/stats.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';

const { signal } = new AbortController();
const silent = () => undefined;

describe('the benchmark of starts', () => {
  it('measures every row, what is slow in the first round only, and reports all of it', async () => {
    const options = { runs: 2, freshRuns: 1, driver: 'fake', signal, say: silent } as const;
    const report = await benchStart(options);
    expect(new Set(report.lines.map(({ row }) => row))).toEqual(new Set(ROWS.map(({ key }) => key)));
    const sizes = Object.fromEntries(
      report.lines.map(({ row, figure, all }) => [`${row} ${figure}`, all.length]),
    );
    expect(sizes).toMatchObject({
      'cold-base healthy': 1,
      'cold command': 2,
      'fork-10 command': 20,
      'fork-10 all serve': 2,
      'pool-10 healthy': 20,
      'upstream command': 1,
    });
    expect(report.left).toEqual([]);
    expect(report.others).toHaveLength(9 + 7);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    const text = startTable(report).split('\n');
    expect(text.filter((line) => /(not )?met$/.test(line))).toHaveLength(report.aims.length);
  });

  it.each(ROWS.map((row) => [row.label, row] as const))('%s leaves no VM', async (_, row) => {
    const driver = createFakeDriver();
    await row.take(fakeSubject(signal, driver));
    expect(driver.calls.some((call) => call.startsWith('start'))).toBe(true);
    expect(await driver.list()).toEqual([]);
  });

  it.each(ROWS.map((row) => [row.label, row] as const))('%s leaves no VM when it fails', async (_, row) => {
    const driver = createFakeDriver({ script: { dial: new Error('silence') } });
    await expect(row.take(fakeSubject(signal, driver))).rejects.toThrow('silence');
    expect(driver.calls.some((call) => call.startsWith('start'))).toBe(true);
    expect(await driver.list()).toEqual([]);
  });

  it('ends with the signal', async () => {
    const reason = new Error('interrupted');
    const run = benchStart({
      runs: 1,
      freshRuns: 1,
      driver: 'fake',
      signal: AbortSignal.abort(reason),
      say: silent,
    });
    await expect(run).rejects.toBe(reason);
  });

  it('says what this host cannot do, and measures no cold boot as a claim', async () => {
    const subject = fakeSubject(signal);
    const short = {
      ...subject,
      open: (how: Parameters<typeof subject.open>[0]) => ({
        ...subject.open(how),
        warmUp: () => Promise.resolve(0),
      }),
    };
    const row = ROWS.find(({ key }) => key === 'pool-10');
    expect(await row?.take(short)).toBeUndefined();
  });

  it('measures no boot as a fork', async () => {
    const subject = fakeSubject(signal);
    const boots = { ...subject, open: () => subject.open({ prepare: 'never', fork: 'never' }) };
    const row = ROWS.find(({ key }) => key === 'fork');
    await expect(row?.take(boots)).rejects.toThrow('no fork: it went through cloning, ssh-connect');
  });
});

describe('figures', () => {
  it('are medians and p95 over all VMs of all rounds', () => {
    const lines = linesOf(new Map([['fork', [{ healthy: [1, 2.0004] }, { healthy: [9] }]]]));
    expect(lines).toEqual([
      { row: 'fork', label: 'fork from a template', figure: 'healthy', median: 2, p95: 9, all: [1, 2, 9] },
    ]);
  });

  it.each([
    [[5], 5],
    [[3, 1, 2], 3],
    [Array.from({ length: 20 }, (_, index) => index + 1), 19],
    [Array.from({ length: 100 }, (_, index) => 100 - index), 95],
  ])('p95 of %j is %d', (values, expected) => {
    expect(p95(values)).toBe(expected);
  });

  it('p95 of nothing is an error', () => {
    expect(() => p95([])).toThrow('nothing was measured');
  });
});

describe('the aims', () => {
  const medians: Record<string, number> = {
    'cold healthy': 5_500,
    'floor healthy': 5_000,
    'fork healthy': 200,
    'raw-fork healthy': 100,
    'pool healthy': 50,
    'pool command': 100,
    'fork command': 300,
    'upstream command': 6_000,
  };
  const verdictsOf = (changed: Record<string, number> = {}) =>
    aimsOf((row, figure) => ({ ...medians, ...changed })[`${row} ${figure}`]).map(({ verdict }) => verdict);

  it('are met up to their limits', () => {
    expect(verdictsOf()).toEqual(['met', 'met', 'met', 'met', 'met']);
  });

  it.each([
    ['floor healthy', 4_999, 0],
    ['raw-fork healthy', 99, 1],
    ['pool healthy', 50.1, 2],
    ['cold healthy', 4_999, 3],
    ['upstream command', 5_999, 4],
  ])('are missed beyond: %s of %d', (figure, value, index) => {
    expect(verdictsOf({ [figure]: value })[index]).toBe('not met');
  });

  it('are not measured where a row is not, or took no time', () => {
    expect(verdictsOf({ 'floor healthy': 0 })[0]).toBe('not measured');
    expect(verdicts([]).map(({ verdict }) => verdict)).toEqual(
      Array.from({ length: 5 }, () => 'not measured'),
    );
  });
});

describe('the command line of start', () => {
  it('has its defaults', () => {
    const defaults = { name: 'start', json: false, runs: 3, freshRuns: 1, driver: 'qemu' };
    expect(parseCommand(['start'])).toEqual(defaults);
    expect(parseCommand(['start', '--driver', 'fake', '--runs=9', '--fresh-runs', '2'])).toEqual({
      ...defaults,
      driver: 'fake',
      runs: 9,
      freshRuns: 2,
    });
  });

  it.each([
    [['start', '--driver', 'vmware']],
    [['start', '--wait', '3']],
    [['cold', '--driver', 'fake']],
    [['fleet', '--driver', 'qemu']],
  ])('refuses %j', (args) => {
    expect(() => parseCommand(args)).toThrow(UsageError);
  });
});
