import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../bench/args.ts';
import { benchInspect } from '../../bench/inspect.ts';
import { inspectTable, type Measured, summarizeInspection } from '../../bench/inspect/report.ts';

const sample = (cpuMsPerBoot: number, heapKiBPerVm = 10, allocatedKiBPerBoot = 100): Measured => ({
  cpuMsPerBoot,
  heapKiBPerVm,
  allocatedKiBPerBoot,
});
const about = { runs: 1, vms: 1000, host: { processors: 2, model: 'a processor', node: '24' } };
const reportOf = (inspected: Measured) =>
  summarizeInspection(about, {
    runtime: [sample(1), sample(1), sample(9)],
    inspected: [inspected],
    viewed: [sample(3, 40)],
    traced: [sample(4, 30, 300)],
  });
/** Eight processes of their own. */
const TIMEOUT_MS = 180_000;

describe('the benchmark of the inspector', () => {
  it(
    'boots VMs without it, with it, with somebody looking, and with a trace, of which it leaves none',
    async () => {
      const signal = new AbortController().signal;
      const report = await benchInspect({ runs: 1, vms: 20, warmUp: 10, signal, say: () => undefined });
      expect(Object.keys(report.figures)).toEqual(['runtime', 'inspected', 'viewed', 'traced']);
      for (const { cpuMsPerBoot, allocatedKiBPerBoot } of Object.values(report.figures)) {
        expect(cpuMsPerBoot).toBeGreaterThan(0);
        expect(allocatedKiBPerBoot).toBeGreaterThan(1);
      }
      const { runtime, traced } = report.figures;
      expect(traced.allocatedKiBPerBoot).toBeGreaterThan(runtime.allocatedKiBPerBoot);
      expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    },
    TIMEOUT_MS,
  );

  it('says what each adds, and whether that is little enough while nobody looks', () => {
    const { added, reached } = reportOf(sample(1.05, 10.9, 104));
    expect(added.inspected).toEqual({ cpuMsPerBoot: 0.05, allocatedKiBPerBoot: 0.04, keptKiBPerVm: 0.09 });
    expect(added.traced).toEqual({ cpuMsPerBoot: 3, allocatedKiBPerBoot: 2, keptKiBPerVm: 2 });
    expect(reached).toEqual({ cpuMsPerBoot: true, allocatedKiBPerBoot: true, keptKiBPerVm: true });
    const table = inspectTable(reportOf(sample(1.05, 10.9, 104)));
    expect(table).toContain('may add 10 %: reached by all three');
    expect(table).toMatch(/kept of a healthy VM, KiB +10\.00 +10\.90 \(\+9\.0 %\)/);
  });

  it('says what misses it', () => {
    expect(inspectTable(reportOf(sample(1.2, 18, 104)))).toContain(
      'missed by CPU of a boot +20.0 %, kept of a healthy VM +80.0 %',
    );
    expect(reportOf(sample(1, 10, 120)).reached.allocatedKiBPerBoot).toBe(false);
  });

  it('is asked for by its name', () => {
    expect(parseCommand(['inspect', '--json'])).toEqual({ name: 'inspect', json: true, runs: 3 });
  });
});
