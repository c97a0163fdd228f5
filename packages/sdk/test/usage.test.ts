import { describe, expect, it } from 'vitest';
import { UsageMeter } from '../src/usage.ts';

const costOf = (...snapshots: readonly { costUsd?: number; costSemantic?: 'cumulative' | 'delta' }[]) => {
  const meter = new UsageMeter();
  for (const each of snapshots) meter.add({ kind: 'ca_usage_snapshot', sessionId: 's', ...each });
  return meter.rollup.costUsd;
};

describe('UsageMeter', () => {
  it('adds deltas up, keeps the highest of running totals, and prefers those', () => {
    expect(costOf()).toBeUndefined();
    expect(costOf({})).toBeUndefined();
    expect(costOf({ costUsd: 1, costSemantic: 'delta' }, { costUsd: 2, costSemantic: 'delta' })).toBe(3);
    expect(costOf({ costUsd: 2 }, { costUsd: 3, costSemantic: 'cumulative' }, { costUsd: 1 })).toBe(3);
    expect(costOf({ costUsd: 9, costSemantic: 'delta' }, { costUsd: 1 })).toBe(1);
  });
});
