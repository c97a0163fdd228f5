import { SimulatedClock } from 'xstate';
import { describe, expect, it } from 'vitest';
import { type Progress, ProgressTracker, type StepFacts } from '../../src/progress/index.ts';

const about = {
  subject: 'ca-1-x',
  work: 'vm',
  driver: 'qemu',
  accelerator: 'tcg',
  from: 'debian:12',
} as const;

/** A tracker under a clock that the test moves. */
function tracking(facts: Readonly<Record<string, StepFacts>> = {}) {
  const clock = new SimulatedClock();
  const told: Progress[] = [];
  const tracker = new ProgressTracker({
    about,
    vm: about.subject,
    facts: (step) => facts[step] ?? {},
    onProgress: (progress) => void told.push(progress),
    clock,
  });
  return { clock, told, tracker, last: () => told.at(-1) as Progress };
}

describe('the progress of a VM', () => {
  it('has every step with its time, its attempts and what became of it', () => {
    const { clock, tracker, last } = tracking({ cloning: { title: 'Clone the image', usualMs: 40 } });
    tracker.step({ type: 'step', step: 'cloning', phase: 'start', attempt: 1 });
    expect(last()).toEqual({
      ...about,
      status: 'working',
      steps: [
        {
          name: 'cloning',
          title: 'Clone the image',
          status: 'active',
          startedAt: 0,
          ms: 0,
          attempts: 1,
          usualMs: 40,
        },
      ],
    });
    clock.increment(30);
    tracker.step({ type: 'step', step: 'cloning', phase: 'retry', attempt: 2, lastError: 'busy' });
    clock.increment(20);
    tracker.step({ type: 'step', step: 'upload', phase: 'start' });
    tracker.step({ type: 'step', step: 'upload', phase: 'skipped' });
    tracker.step({ type: 'step', step: 'healthy', phase: 'start' });
    tracker.ready();
    expect(last()).toMatchObject({
      status: 'ready',
      steps: [
        { name: 'cloning', status: 'done', ms: 50, attempts: 2 },
        { name: 'upload', status: 'skipped', ms: 0 },
        { name: 'healthy', status: 'active' },
      ],
    });
    expect(tracker.times).toEqual({ cloning: 50 });
  });

  it('names the step that failed, and why', () => {
    const { clock, tracker, last } = tracking();
    tracker.step({ type: 'step', step: 'cloning' });
    clock.increment(5);
    tracker.step({ type: 'step', step: 'failed' });
    const failure = {
      code: 'DISK_FULL',
      message: 'no space',
      hint: 'df -h',
      step: 'cloning',
      stderrTail: '-',
    };
    tracker.failed(failure);
    tracker.step({ type: 'step', step: 'disposing' });
    expect(last()).toMatchObject({
      status: 'failed',
      steps: [
        { name: 'cloning', status: 'failed', ms: 5 },
        { name: 'disposing', status: 'active' },
      ],
    });
    expect(last().failure).toEqual({ code: 'DISK_FULL', message: 'no space', hint: 'df -h' });
    tracker.end();
    tracker.end();
    expect(last().status).toBe('ended');
  });

  it('tells that a step is slower than usual, what it waits for and what to do, more and more seldom', () => {
    const { clock, told, tracker, last } = tracking({
      'ssh-connect': { usualMs: 12_000, deadlineMs: 180_000 },
    });
    tracker.step({ type: 'step', step: 'ssh-connect' });
    tracker.step({ type: 'step', step: 'ssh-connect', phase: 'retry', attempt: 2, lastError: 'refused' });
    clock.increment(23_999);
    expect(told).toHaveLength(2);
    clock.increment(1);
    expect(told).toHaveLength(3);
    expect(last().steps[0]).toMatchObject({
      ms: 24_000,
      deadlineMs: 180_000,
      slow: {
        message: 'slower than usual: 24 s, usually 12 s',
        waitsFor: "the guest's SSH server to let us in",
        whatToDo: 'read its console: npx vzvm logs ca-1-x -f',
        lastError: 'refused',
      },
    });
    const at = [34, 44, 64, 104, 164, 224].map((s) => s * 1_000);
    for (const ms of at) {
      const before = told.length;
      clock.set(ms - 1);
      expect(told.length).toBe(before);
      clock.set(ms);
      expect(told.length).toBe(before + 1);
    }
  });

  it('takes the judgement of the chart where no past boot is known, and is patient with quick steps', () => {
    const { clock, last, tracker } = tracking({ cloning: { slowAfterMs: 30_000 }, booting: { usualMs: 20 } });
    tracker.step({ type: 'step', step: 'cloning' });
    clock.increment(30_000);
    expect(last().steps[0]?.slow?.message).toBe('slow: 30 s, seldom more than 30 s');
    tracker.step({ type: 'step', step: 'booting' });
    clock.increment(5_019);
    tracker.refresh();
    expect(last().steps[1]?.slow).toBeUndefined();
    clock.increment(1);
    expect(last().steps[1]?.slow?.message).toBe('slower than usual: 5.0 s, usually 0.0 s');
  });

  it('takes what is read of past boots late into account', () => {
    const facts: Record<string, StepFacts> = {};
    const { clock, told, tracker } = tracking(facts);
    tracker.step({ type: 'step', step: 'spawn' });
    clock.increment(60_000);
    expect(told).toHaveLength(1);
    facts['spawn'] = { usualMs: 1_000 };
    tracker.refresh();
    clock.increment(60_000);
    expect(told.length).toBeGreaterThan(1);
  });

  it('waits for nothing once it is over', () => {
    const { clock, told, tracker } = tracking({ disposing: { slowAfterMs: 10 } });
    tracker.step({ type: 'step', step: 'disposing' });
    tracker.end();
    tracker.refresh();
    const before = told.length;
    clock.increment(1_000_000);
    expect(told).toHaveLength(before);
  });
});
