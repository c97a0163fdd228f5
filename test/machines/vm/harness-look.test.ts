import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../../src/errors.ts';
import { DEFAULT_TIMEOUTS_MS } from '../../../src/machines/vm/index.ts';
import { HANG, settle, World } from './world.ts';

describe('the look at the harness', () => {
  it('fails the spawn at once when the harness has crashed', async () => {
    const crashed = new VzvmError('HARNESS_CRASHED', 'the harness ended', {
      exitCode: 1,
      stderrTail: 'SyntaxError',
    });
    const world = new World({ probeHealth: [false, crashed] });
    await world.pass(100);
    expect(world.output.failure).toMatchObject({
      step: 'spawn',
      code: 'HARNESS_CRASHED',
      stderrTail: 'SyntaxError',
    });
  });

  it('is repeated after an error that is safe, and the deadline tells that error', async () => {
    const world = new World({
      probeHealth: [new VzvmError('SSH_UNREACHABLE', 'no route', { retry: 'safe' })],
    });
    await world.pass(500, 100);
    expect(world.count('probeHealth')).toBe(4); // after 100, 200 and 200 ms
    await world.pass(5_000, 100);
    expect(world.where).toBe('spawn');
    expect(world.snapshot.context.attempt).toBe(1);
    await world.pass(DEFAULT_TIMEOUTS_MS.spawn);
    expect(world.output.failure).toMatchObject({
      step: 'spawn',
      code: 'STEP_TIMEOUT',
      lastError: 'no route',
    });
    expect(world.count('spawnHarness')).toBe(1);
  });

  it('hangs no longer than the spawn may take', async () => {
    const world = new World({ probeHealth: [HANG] });
    await world.pass(DEFAULT_TIMEOUTS_MS.spawn);
    expect(world.output.failure).toMatchObject({ step: 'spawn', code: 'STEP_TIMEOUT' });
    expect(world.aborted).toContain('probeHealth');
  });

  it('is no failure when it is cancelled', async () => {
    const world = new World({ probeHealth: [new VzvmError('ABORTED', 'cancelled')] });
    await settle();
    expect(world.output).toMatchObject({ failure: null, disposeReason: 'aborted' });
  });
});
