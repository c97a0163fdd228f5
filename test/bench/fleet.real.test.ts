import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../bench/args.ts';
import { benchFleet } from '../../bench/fleet.ts';
import { AIMS, fleetTable, type FleetReport, summarize } from '../../bench/fleet/report.ts';
import type { Sample } from '../../bench/fleet/sample.ts';

const sample = (cpuMsPerBoot: number, heapKiBPerVm = 8): Sample => ({
  cpuMsPerBoot,
  cpuMsPerLateBoot: cpuMsPerBoot,
  heapKiBPerVm,
  cpuMsPerEnd: 0.1,
  heapKiBPerEndedVm: 0,
  lagP50Ms: 1,
  lagP99Ms: 2,
  wallMs: 1000,
});
const reportOf = (small: readonly Sample[], large: readonly Sample[]): FleetReport => ({
  benchmark: 'fleet',
  runs: small.length,
  sizes: [1000, 10_000],
  host: { processors: 2, model: 'a processor', node: '24' },
  chart: summarize(small, large),
  runtime: summarize(small, small),
});

describe('the benchmark of fleets', () => {
  it('boots every VM of both sizes, of both kinds, in processes of their own, and ends them', async () => {
    const said: string[] = [];
    const report = await benchFleet({
      runs: 1,
      sizes: [10, 20],
      warmUp: 10,
      signal: new AbortController().signal,
      say: (line) => void said.push(line),
    });
    expect(said).toHaveLength(5);
    for (const { small, large } of [report.chart, report.runtime]) {
      for (const figure of [...Object.values(small), ...Object.values(large)]) expect(figure).not.toBeNaN();
      expect(large.cpuMsPerBoot).toBeGreaterThan(0);
    }
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('ends with the process that is interrupted', async () => {
    const run = benchFleet({ runs: 1, signal: AbortSignal.abort(), say: () => {} });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('takes medians, and says how much more a boot costs in the large fleet', () => {
    const { large, growth } = summarize([sample(0.4)], [sample(0.9), sample(0.5), sample(0.1)]);
    expect(large.cpuMsPerBoot).toBe(0.5);
    expect(growth).toBe(1.25);
  });

  it('says which aim is missed, and by how much', () => {
    const good = reportOf([sample(0.5)], [sample(0.5)]);
    expect(fleetTable(good)).toContain('chart: reaches every aim');
    const bad = fleetTable(reportOf([sample(1)], [sample(1.5, 12)]));
    expect(bad).toContain(`cpuMsPerBoot 1.5 instead of at most ${AIMS.cpuMsPerBoot}`);
    expect(bad).toContain(`heapKiBPerVm 12 instead of at most ${AIMS.heapKiBPerVm}`);
    expect(bad).toContain(`growth 1.5 instead of at most ${AIMS.growth}`);
  });

  it('is asked for by name', () => {
    expect(parseCommand(['fleet', '--json'])).toEqual({ name: 'fleet', json: true, runs: 3 });
    expect(() => parseCommand(['fleet', '--wait', '3'])).toThrow('--wait is for cold');
  });
});
