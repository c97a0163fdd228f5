import { describe, expect, it } from 'vitest';
import type { VmEmitted, Where } from '../../src/machines/vm/index.ts';
import { Timeline } from '../../src/progress/timeline.ts';

const step = (name: Where, phase: 'start' | 'retry' | 'skipped' = 'start', attempt = 1): VmEmitted => ({
  type: 'step',
  step: name,
  phase,
  attempt,
});

/** A timeline under a clock that the test moves. */
function timeline() {
  let now = 1_000;
  const line = new Timeline(() => now);
  return {
    line,
    pass: (ms: number, ...events: VmEmitted[]) => {
      now += ms;
      events.forEach((event) => line.record(event));
    },
  };
}

describe('a timeline', () => {
  it('has each state with its start and how long it lasted, and the last one open', () => {
    const { line, pass } = timeline();
    pass(0, step('cloning'));
    pass(30, step('booting'));
    expect(line.entries).toEqual([
      { state: 'cloning', startedAt: 1_000, ms: 30, attempts: 1, skipped: false },
      { state: 'booting', startedAt: 1_030, attempts: 1, skipped: false },
    ]);
  });

  it('counts attempts in the state that they belong to', () => {
    const { line, pass } = timeline();
    pass(0, step('upload'), step('upload', 'retry', 2));
    pass(5, step('upload', 'retry', 3));
    expect(line.entries).toEqual([{ state: 'upload', startedAt: 1_000, attempts: 3, skipped: false }]);
  });

  it('marks what had nothing to do, whether it was begun or not', () => {
    const { line, pass } = timeline();
    pass(0, step('upload'), step('upload', 'skipped', 0), step('node-install', 'skipped', 0));
    const skipped = { attempts: 0, skipped: true };
    expect(line.entries).toMatchObject([
      { state: 'upload', ...skipped },
      { state: 'node-install', ...skipped },
    ]);
  });

  it('takes no notice of events that are no steps', () => {
    const { line, pass } = timeline();
    pass(0, step('healthy'), { type: 'ready' }, { type: 'lost', reason: '' }, { type: 'found' });
    expect(line.entries).toHaveLength(1);
  });

  it('ends with the end of the VM, also of one that never began', () => {
    const { line, pass } = timeline();
    pass(0, step('disposing'));
    pass(12);
    line.end();
    expect(line.entries).toMatchObject([
      { state: 'disposing', ms: 12 },
      { state: 'disposed', startedAt: 1_012, ms: 0 },
    ]);
    const never = new Timeline();
    never.end();
    expect(never.entries).toMatchObject([{ state: 'disposed', ms: 0 }]);
  });

  it('cannot be changed by who looks at it', () => {
    const { line, pass } = timeline();
    pass(0, step('cloning'));
    Object.assign(line.entries[0] ?? {}, { state: 'healthy' });
    expect(line.entries[0]?.state).toBe('cloning');
  });
});
