import { describe, expect, it } from 'vitest';
import { UsageMeter } from '../src/usage.ts';

const costOf = (...snapshots: readonly { costUsd?: number; costSemantic?: 'cumulative' | 'delta' }[]) => {
  const meter = new UsageMeter();
  for (const each of snapshots) meter.add({ kind: 'ca_usage_snapshot', sessionId: 's', ...each });
  return meter.rollup().costUsd;
};

describe('UsageMeter', () => {
  it('adds deltas up, keeps the highest of running totals, and prefers those', () => {
    expect(costOf()).toBeUndefined();
    expect(costOf({})).toBeUndefined();
    expect(costOf({ costUsd: 1, costSemantic: 'delta' }, { costUsd: 2, costSemantic: 'delta' })).toBe(3);
    expect(costOf({ costUsd: 2 }, { costUsd: 3, costSemantic: 'cumulative' }, { costUsd: 1 })).toBe(3);
    expect(costOf({ costUsd: 9, costSemantic: 'delta' }, { costUsd: 1 })).toBe(1);
  });

  it('tells what was added to a running total, without the noise of fractions', () => {
    const meter = new UsageMeter();
    expect(meter.rollup(0.1).turnCostUsd).toBeUndefined();
    meter.add({ kind: 'ca_usage_snapshot', sessionId: 's', costUsd: 0.3 });
    expect(meter.rollup(0.1)).toMatchObject({ costUsd: 0.3, turnCostUsd: 0.2 });
    // An engine that has begun anew counts from zero.
    expect(meter.rollup(0.5).turnCostUsd).toBe(0.3);
    const deltas = new UsageMeter();
    deltas.add({ kind: 'ca_usage_snapshot', sessionId: 's', costUsd: 0.3, costSemantic: 'delta' });
    expect(deltas.rollup(9)).toMatchObject({ costUsd: 0.3, turnCostUsd: 0.3 });
  });
});
