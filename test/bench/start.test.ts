import { describe, expect, it } from 'vitest';
import { parseCommand, UsageError } from '../../bench/args.ts';
import { aimsOf } from '../../bench/start/aims.ts';
import { type StartReport, startTable } from '../../bench/start/report.ts';
import { demandFork, demandPrepared } from '../../bench/start/starts.ts';
import { noSamples, type Row, ROWS, timesOf } from '../../bench/start/times.ts';
import { percentile } from '../../bench/stats.ts';

const TOOK: Readonly<Record<Row, number>> = {
  upstream: 200_000,
  base: 180_000,
  prepared: 10_900,
  pool: 40,
  fork: 700,
  tenForks: 2_000,
};

function times() {
  const samples = noSamples();
  for (const row of ROWS) {
    for (const extra of [0, 2, 4])
      samples.rows[row].push({ readyMs: TOOK[row] + extra, commandMs: TOOK[row] + 100 + extra });
  }
  samples.floors.banner.push(8_000);
  samples.floors.harness.push(2_000);
  samples.floors.fork.push(300);
  samples.allTen.push(3_000);
  return timesOf(samples);
}

describe('the benchmark of starts', () => {
  it('comes to medians, and to the slowest of twenty', () => {
    const { rows, floors, allTen } = times();
    expect(rows.fork.ready).toEqual({ median: 702, min: 700, max: 704, all: [700, 702, 704] });
    expect(rows.fork.command.median).toBe(802);
    expect(rows.fork.p95).toBe(804);
    expect([floors.banner.median, allTen.median]).toEqual([8_000, 3_000]);
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([percentile(hundred, 0.95), percentile([7], 0.95)]).toEqual([95, 7]);
  });

  it('measures its aims by medians, and says which are met', () => {
    const aims = aimsOf(times());
    expect(aims.map(({ measured, isMet }) => [measured, isMet])).toEqual([
      [1.09, true],
      [2.34, false],
      [42, true],
      [0.00385, true],
      [1410, true],
    ]);
  });

  it('prints everything that it has measured', () => {
    const measured = times();
    const report: StartReport = {
      benchmark: 'start',
      runs: 3,
      freshRuns: 1,
      host: {
        processors: 2,
        memoryMiB: 4096,
        arch: 'x64',
        qemu: '7.2.22',
        accelerator: 'tcg',
        node: '24.0.0',
      },
      guest: { image: 'debian:12', cpu: 2, memoryMiB: 2048 },
      ...measured,
      aims: aimsOf(measured),
      others: [0, 0.25],
    };
    const text = startTable(report);
    expect(text).toMatch(/^fork of a template +0\.702 +0\.802 +0\.804 +0\.800 – 0\.804$/m);
    expect(text).toMatch(/^ten forks at once, the last +3\.000$/m);
    expect(text).toMatch(/^QEMU to the SSH banner +8\.000 +8\.000 – 8\.000$/m);
    expect(text).toMatch(/^fork ÷ fork by hand +≤ 2 +2\.34 +NOT met$/m);
    expect(text).toContain('others had 0 % to 25 % of the processors');
  });

  it('does not take one kind of start for another', () => {
    expect(() => demandFork(new Set(['npm-install']))).toThrow('was not forked');
    expect(() => demandFork(new Set(['cloning']))).not.toThrow();
    expect(() => demandPrepared(new Set(['cloning', 'npm-install']))).toThrow('prepared image');
    expect(() => demandPrepared(new Set())).toThrow('prepared image');
    expect(() => demandPrepared(new Set(['npm-install']))).not.toThrow();
  });

  it('is asked for as the cold one is', () => {
    expect(parseCommand(['start', '--json', '--runs', '5', '--fresh-runs', '1', '--wait', '9'])).toEqual({
      name: 'start',
      json: true,
      runs: 5,
      freshRuns: 1,
      waitMs: 9_000,
    });
    expect(() => parseCommand(['start', '--runs', '0'])).toThrow(UsageError);
  });
});
