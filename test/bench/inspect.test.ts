import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../bench/args.ts';
import type { Sample } from '../../bench/fleet/sample.ts';
import { benchInspect } from '../../bench/inspect.ts';
import { inspectTable, summarizeInspection } from '../../bench/inspect/report.ts';

const sample = (cpuMsPerBoot: number, heapKiBPerVm = 10): Sample => ({
  cpuMsPerBoot,
  cpuMsPerLateBoot: cpuMsPerBoot,
  heapKiBPerVm,
  cpuMsPerEnd: 0.1,
  heapKiBPerEndedVm: 0,
  lagP50Ms: 1,
  lagP99Ms: 2,
  wallMs: 1000,
});
const about = { runs: 1, vms: 1000, host: { processors: 2, model: 'a processor', node: '24' } };
const reportOf = (inspected: number) =>
  summarizeInspection(about, {
    runtime: [sample(1), sample(1), sample(9)],
    inspected: [sample(inspected, 18)],
    viewed: [sample(3, 40)],
  });

describe('the benchmark of the inspector', () => {
  it('boots VMs without it, with it, and with somebody looking', async () => {
    const signal = new AbortController().signal;
    const report = await benchInspect({ runs: 1, vms: 20, warmUp: 10, signal, say: () => undefined });
    for (const { cpuMsPerBoot } of Object.values(report.figures)) expect(cpuMsPerBoot).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('says what it adds, and whether that is little enough', () => {
    expect(reportOf(1.05)).toMatchObject({ added: { cpuShare: 0.05, heapKiB: 8 }, reached: true });
    expect(inspectTable(reportOf(1.05))).toContain('adds 5.0 % to a boot, and 8 KiB: reaches the aim');
    expect(reportOf(1.2).reached).toBe(false);
    expect(inspectTable(reportOf(1.2))).toContain('misses the aim of at most 10 % of the CPU');
  });

  it('is asked for by its name', () => {
    expect(parseCommand(['inspect', '--json'])).toEqual({ name: 'inspect', json: true, runs: 3 });
  });
});
