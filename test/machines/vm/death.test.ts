import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../../src/errors.ts';
import { STEPS } from '../../../src/machines/vm/index.ts';
import { HANG, settle, World, WORKER } from './world.ts';

const KILLED = { code: null, signal: 'SIGKILL', stderrTail: 'qemu: terminated' };
const EXITED = { code: 137, signal: null, stderrTail: 'out of memory' };
/** The process can only die where it runs: from the end of booting on. */
const ALIVE_STEPS = STEPS.slice(2);

describe.each(ALIVE_STEPS)('the VM dies during %s', (step) => {
  it('at once, with what the hypervisor said', async () => {
    const world = new World({ [WORKER[step]]: [HANG] });
    await settle();
    await world.answer('watchProcess', EXITED);
    expect(world.output.failure).toMatchObject({
      step,
      code: 'GUEST_EXITED',
      exitCode: 137,
      stderrTail: 'out of memory',
      message: "the VM's process ended (exit code 137)",
    });
    expect(world.aborted).toContain(WORKER[step]);
    expect(world.count('release')).toBe(1);
    expect(world.clock.now()).toBe(0);
  });

  it('while it backs off', async () => {
    const safe = new VzvmError('DIAL_FAILED', 'refused', { retry: 'safe' });
    const world = new World({ [WORKER[step]]: [safe] });
    await settle();
    await world.answer('watchProcess', KILLED);
    expect(world.output.failure).toMatchObject({ step, code: 'GUEST_EXITED', facts: { signal: 'SIGKILL' } });
    await world.pass(60_000);
    expect(world.count(WORKER[step])).toBe(1);
  });
});

describe('the end of the VM', () => {
  it('is seen while healthy', async () => {
    const world = new World();
    await settle();
    await world.answer('watchProcess', KILLED);
    expect(world.output.failure).toMatchObject({ step: 'healthy', code: 'GUEST_EXITED' });
    expect(world.output.failure).not.toHaveProperty('exitCode');
    expect(world.aborted).toEqual(['watchHarness']);
  });

  it('is seen while the harness is looked at', async () => {
    const world = new World({ probeHealth: [HANG] });
    await settle();
    await world.answer('watchProcess', EXITED);
    expect(world.output.failure).toMatchObject({ step: 'spawn', code: 'GUEST_EXITED' });
  });

  it('is seen when the process ended before it was watched', async () => {
    const world = new World({ watchProcess: [EXITED], pollAddress: [HANG] });
    await settle();
    expect(world.output.failure).toMatchObject({ step: 'ip-polling', code: 'GUEST_EXITED' });
  });

  it('is the failure when the broken step tells its own right after', async () => {
    const world = new World({ upload: [HANG] }, { keepOnFailure: true });
    await settle();
    const dead = world.answer('watchProcess', EXITED);
    const broken = world.reject('upload', new VzvmError('SSH_CLOSED', 'connection lost'));
    await Promise.all([dead, broken]);
    expect(world.snapshot.context.failure).toMatchObject({ code: 'GUEST_EXITED' });
    expect(world.emitted.filter((event) => event.type === 'failed')).toHaveLength(1);
  });

  it('cannot be told by a step that was left', async () => {
    const world = new World({ upload: [HANG], release: [HANG] });
    await settle();
    await world.answer('watchProcess', EXITED);
    expect(world.where).toBe('disposing');
    await world.reject('upload', new VzvmError('UPLOAD_FAILED', 'late'));
    expect(world.snapshot.context.failure).toMatchObject({ code: 'GUEST_EXITED' });
  });

  it('is a failure when it cannot be watched', async () => {
    const world = new World({ watchProcess: [new VzvmError('INTERNAL', 'no process')], pollAddress: [HANG] });
    await settle();
    expect(world.output.failure).toMatchObject({
      step: 'ip-polling',
      code: 'INTERNAL',
      message: 'no process',
    });
  });

  it('is none when the watching was cancelled', async () => {
    const world = new World();
    await settle();
    await world.reject('watchProcess', new VzvmError('ABORTED', 'cancelled'));
    expect(world.output).toMatchObject({ failure: null, disposeReason: 'aborted' });
  });
});

describe('the end of the harness', () => {
  it('is a failure with the tail of its log', async () => {
    const world = new World();
    await settle();
    await world.answer('watchHarness', { code: 1, stderrTail: 'TypeError' });
    expect(world.output.failure).toMatchObject({
      step: 'healthy',
      code: 'HARNESS_CRASHED',
      exitCode: 1,
      stderrTail: 'TypeError',
    });
    expect(world.aborted).toEqual(['watchProcess']);
    expect(world.count('release')).toBe(1);
  });

  it('is one without an exit code, too', async () => {
    const world = new World({ watchHarness: [{ code: null, stderrTail: '' }] });
    await settle();
    expect(world.output.failure).toMatchObject({ code: 'HARNESS_CRASHED', message: 'the harness ended' });
    expect(world.output.failure).not.toHaveProperty('exitCode');
  });

  it('is a failure when nobody can ever see it', async () => {
    const world = new World();
    await settle();
    await world.reject('watchHarness', new VzvmError('SSH_AUTH_FAILED', 'refused'));
    expect(world.output.failure).toMatchObject({ step: 'healthy', code: 'SSH_AUTH_FAILED' });
    expect(world.count('reachGuest')).toBe(0);
  });
});

describe('a harness that is out of sight', () => {
  const lost = new VzvmError('SSH_CLOSED', 'gone', { retry: 'safe' });
  const away = new VzvmError('SSH_UNREACHABLE', 'no route', { retry: 'safe' });

  it('stays ready, and is watched again once the guest is reached', async () => {
    const world = new World({ watchHarness: [lost, HANG] });
    await settle();
    expect([...world.snapshot.tags]).toEqual(['ready']);
    await world.pass(99);
    expect(world.count('reachGuest')).toBe(0);
    await world.pass(1);
    expect(world.count('watchHarness')).toBe(2);
    await world.pass(3_600_000);
    expect(world.where).toBe('healthy');
    expect(world.emitted.slice(-3)).toEqual([
      { type: 'ready', at: 0 },
      { type: 'lost', reason: 'gone', at: 0 },
      { type: 'found', at: 100 },
    ]);
  });

  it('is reached for again and again, 100 ms apart doubling to 1 s', async () => {
    const world = new World({ watchHarness: [lost], reachGuest: [away] });
    await world.pass(1_500, 100);
    expect(world.count('reachGuest')).toBe(4);
    await world.pass(2_000, 100);
    expect(world.count('reachGuest')).toBe(6);
    expect([...world.snapshot.tags]).toEqual(['ready']);
  });

  it('is a lost connection after the deadline, not a crash of the harness', async () => {
    const world = new World({ watchHarness: [lost], reachGuest: [away] }, { timeoutsMs: { healthy: 5_000 } });
    await world.pass(4_999, 100);
    expect(world.isDone).toBe(false);
    await world.pass(1);
    expect(world.output.failure).toMatchObject({
      step: 'healthy',
      code: 'SSH_CLOSED',
      message: expect.stringContaining('within 5000 ms') as string,
      lastError: 'no route',
    });
    expect(world.count('release')).toBe(1);
  });

  it('has the whole deadline, and short pauses, each time anew', async () => {
    const world = new World({ watchHarness: [lost] }, { timeoutsMs: { healthy: 1_000 } });
    await world.pass(10_000, 100);
    expect(world.where).toBe('healthy');
    expect(world.count('reachGuest')).toBe(100);
  });

  it('of a VM that died is told as the death of the VM', async () => {
    const world = new World({ watchHarness: [lost] });
    await settle();
    await world.answer('watchProcess', KILLED);
    expect(world.output.failure).toMatchObject({ step: 'healthy', code: 'GUEST_EXITED' });
    expect(world.count('reachGuest')).toBe(0);
  });

  it('of a guest that shows another host key is a failure at once', async () => {
    const world = new World({
      watchHarness: [lost],
      reachGuest: [new VzvmError('SSH_HOST_KEY_CHANGED', 'another')],
    });
    await world.pass(100);
    expect(world.output.failure).toMatchObject({ step: 'healthy', code: 'SSH_HOST_KEY_CHANGED' });
  });
});
