import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../../src/errors.ts';
import { DEFAULT_RETRIES, DEFAULT_TIMEOUTS_MS, STEPS } from '../../../src/machines/vm/index.ts';
import { HANG, settle, World, WORKER } from './world.ts';

const safe = (message = 'not now') => new VzvmError('SSH_UNREACHABLE', message, { retry: 'safe' });
const fatal = new VzvmError('CLONE_FAILED', 'boom', {
  facts: { path: '/tmp/x' },
  hint: 'do this',
  exitCode: 3,
  stderrTail: 'last words',
});
const LONGEST_BACK_OFF_MS = 10_000;

describe.each(STEPS)('%s', (step) => {
  it('fails once, is told, is released once', async () => {
    const world = new World({ [WORKER[step]]: [fatal] });
    await settle();
    const failure = {
      step,
      attempt: 1,
      code: 'CLONE_FAILED',
      message: 'boom',
      facts: { path: '/tmp/x' },
      hint: 'do this',
      exitCode: 3,
      stderrTail: 'last words',
    };
    expect(world.output).toEqual({ vmId: 'v1', failure, disposeReason: 'failed', problems: [] });
    expect(world.emitted).toContainEqual({ type: 'failed', failure, at: 0 });
    expect(world.started.slice(-3)).toEqual([step, 'failed', 'disposing']);
    expect(world.count(WORKER[step])).toBe(1);
    expect(world.count('release')).toBe(1);
    expect(world.errors).toEqual([]);
  });

  it('fails with an error of unknown make, and does not try again', async () => {
    const world = new World({ [WORKER[step]]: [new TypeError('x is not a function')] });
    await settle();
    expect(world.output.failure).toMatchObject({
      step,
      code: 'INTERNAL',
      message: 'x is not a function',
      facts: {},
    });
    expect(world.count(WORKER[step])).toBe(1);
  });

  it.each([
    ['ENOSPC', 'DISK_FULL', 'df -h /vms'],
    ['EROFS', 'PERMISSION_DENIED', 'ls -ld /vms'],
  ])('says what to do when the system refuses with %s', async (errno, code, command) => {
    const refused = Object.assign(new Error(`${errno}: refused`), { code: errno, path: '/vms' });
    const world = new World({ [WORKER[step]]: [refused] });
    await settle();
    expect(world.output.failure).toMatchObject({
      code,
      facts: { path: '/vms' },
      hint: expect.stringContaining(command) as string,
    });
  });

  it('names the VM in the commands of a hint that does not know it', async () => {
    const hint = 'see npx vzvm ls, npx vzvm exec NAME -- ps aux, or tart stop NAME';
    const world = new World({ [WORKER[step]]: [new VzvmError('COMMAND_FAILED', 'no', { hint })] });
    await settle();
    expect(world.output.failure?.hint).toBe('see npx vzvm ls, npx vzvm exec v1 -- ps aux, or tart stop NAME');
  });

  it('hangs to its deadline, not a millisecond longer, and its work is cancelled', async () => {
    const world = new World({ [WORKER[step]]: [HANG] });
    await world.pass(DEFAULT_TIMEOUTS_MS[step] - 1);
    expect(world.where).toBe(step);
    await world.pass(1);
    expect(world.output.failure).toMatchObject({
      step,
      code: 'STEP_TIMEOUT',
      attempt: 1,
      facts: { timeoutMs: DEFAULT_TIMEOUTS_MS[step] },
      message: `${step} was not done within ${DEFAULT_TIMEOUTS_MS[step]} ms`,
      hint: expect.stringContaining('timeouts') as string,
    });
    expect(world.output.failure).not.toHaveProperty('lastError');
    expect(world.aborted).toContain(WORKER[step]);
    expect(world.count('release')).toBe(1);
  });

  it('keeps a deadline of its own VM', async () => {
    const world = new World({ [WORKER[step]]: [HANG] }, { timeoutsMs: { [step]: 1_234 } });
    await world.pass(1_233);
    expect(world.isDone).toBe(false);
    await world.pass(1);
    expect(world.output.failure).toMatchObject({ step, code: 'STEP_TIMEOUT', facts: { timeoutMs: 1_234 } });
  });

  it('is tried again after a pause where that is safe, and goes on', async () => {
    const world = new World({ [WORKER[step]]: [safe(), HANG] });
    await settle();
    expect(world.count(WORKER[step])).toBe(1);
    expect(JSON.stringify(world.snapshot.value)).toContain('backing-off');
    await world.pass(500);
    expect(world.count(WORKER[step])).toBe(2);
    expect(world.snapshot.context).toMatchObject({ step, attempt: 2, lastError: 'not now', failure: null });
    const retries = world.emitted.filter((event) => event.type === 'step' && event.phase === 'retry');
    expect(retries).toHaveLength(1);
    expect(retries[0]).toMatchObject({ step, phase: 'retry', attempt: 2, lastError: 'not now' });
    await world.answer(WORKER[step], step === 'ip-polling' ? '10.0.0.9' : ANY_FACTS);
    expect(world.where).toBe('healthy');
  });

  it('gives up after its last attempt with the error of that attempt', async () => {
    const world = new World(
      { [WORKER[step]]: [safe('first'), safe('second'), safe('third')] },
      { retries: { [step]: 3 } },
    );
    await world.pass(3 * LONGEST_BACK_OFF_MS, 500);
    expect(world.output.failure).toMatchObject({
      step,
      code: 'SSH_UNREACHABLE',
      message: 'third',
      attempt: 3,
    });
    expect(world.count(WORKER[step])).toBe(3);
    expect(world.count('release')).toBe(1);
  });

  it('says at the deadline what the last attempt said', async () => {
    const world = new World({ [WORKER[step]]: [safe('refused'), HANG] });
    await world.pass(500);
    await world.pass(DEFAULT_TIMEOUTS_MS[step]);
    expect(world.output.failure).toMatchObject({
      step,
      code: 'STEP_TIMEOUT',
      attempt: 2,
      lastError: 'refused',
    });
  });

  it('has one deadline over all attempts', async () => {
    const world = new World(
      { [WORKER[step]]: [safe()] },
      { retries: { [step]: 1_000 }, timeoutsMs: { [step]: 5_000 } },
    );
    await world.pass(5_000, 100);
    expect(world.output.failure).toMatchObject({ step, code: 'STEP_TIMEOUT', lastError: 'not now' });
    expect(world.count(WORKER[step])).toBeGreaterThan(2);
  });

  it('takes a cancelled attempt for no failure', async () => {
    for (const error of [
      new VzvmError('ABORTED', 'cancelled'),
      new DOMException('cancelled', 'AbortError'),
    ]) {
      const world = new World({ [WORKER[step]]: [error] });
      await settle();
      expect(world.output).toMatchObject({ failure: null, disposeReason: 'aborted' });
      expect(world.emitted.filter((event) => event.type === 'failed')).toEqual([]);
      expect(world.count('release')).toBe(1);
    }
  });
});

const ANY_FACTS = { harnessUploaded: false, nodeReady: false, packagesReady: false };

describe('attempts', () => {
  it.each(STEPS.filter((name) => DEFAULT_RETRIES[name] < 10))(
    'of %s are as many as its default',
    async (step) => {
      const world = new World({ [WORKER[step]]: [safe()] });
      await world.pass(60_000, 500);
      expect(world.count(WORKER[step])).toBe(DEFAULT_RETRIES[step]);
    },
  );

  it('back off 100 ms doubling to 1 s while a guest refuses SSH', async () => {
    const world = new World({ connect: [safe()] });
    await world.pass(6_000, 100);
    const at = world.emitted.flatMap((event) =>
      event.type === 'step' && event.phase === 'retry' ? [event.at] : [],
    );
    expect(at.map((time, index) => time - (at[index - 1] ?? 0)).slice(0, 6)).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });

  it('back off 500 ms doubling to 10 s where work failed', async () => {
    const world = new World({ installPackages: [safe()] }, { retries: { 'npm-install': 8 } });
    await world.pass(50_000, 500);
    const at = world.emitted.flatMap((event) =>
      event.type === 'step' && event.phase === 'retry' ? [event.at] : [],
    );
    expect(at.map((time, index) => time - (at[index - 1] ?? 0))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
  });

  it('start from one again in the next step', async () => {
    const world = new World({ clone: [safe(), undefined], startVm: [safe(), HANG] });
    await world.pass(500);
    expect(world.snapshot.context).toMatchObject({ step: 'booting', attempt: 2 });
    expect(world.count('startVm')).toBe(1);
  });
});

describe('a step', () => {
  it('knows nothing of the errors of the step before it', async () => {
    const world = new World({ clone: [safe(), undefined], startVm: [HANG] });
    await world.pass(500);
    await world.pass(DEFAULT_TIMEOUTS_MS.booting);
    expect(world.output.failure).toMatchObject({ step: 'booting', code: 'STEP_TIMEOUT' });
    expect(world.output.failure).not.toHaveProperty('lastError');
  });

  it('knows nothing of the looks of the step before it', async () => {
    const world = new World({ pollAddress: [null, null, null, '10.0.0.9'], probeHealth: [false] });
    await world.pass(500, 100);
    expect(world.where).toBe('spawn');
    expect(world.count('probeHealth')).toBe(1);
    await world.pass(100);
    expect(world.count('probeHealth')).toBe(2);
  });
});

describe('a VM that failed', () => {
  it('is kept when asked, owns what it owned, and goes on DISPOSE', async () => {
    const world = new World({ upload: [fatal] }, { keepOnFailure: true });
    await world.pass(24 * 3_600_000);
    expect(world.snapshot.matches({ alive: 'failed' })).toBe(true);
    expect([...world.snapshot.tags]).toEqual(['failed']);
    expect(world.count('release')).toBe(0);
    await world.dispose('looked at');
    expect(world.output).toMatchObject({
      failure: { step: 'upload', code: 'CLONE_FAILED' },
      disposeReason: 'looked at',
    });
    expect(world.count('release')).toBe(1);
  });

  it('keeps a bounded tail of what the program wrote', async () => {
    const noisy = new VzvmError('UPLOAD_FAILED', 'boom', { stderrTail: 'line\n'.repeat(10_000) });
    const world = new World({ upload: [noisy] });
    await settle();
    expect(world.output.failure?.stderrTail?.length).toBeLessThanOrEqual(4_096);
  });

  it('is told even when what was thrown cannot be read', async () => {
    const unreadable = Object.assign(new Error('x'), { [Symbol.toPrimitive]: undefined });
    Object.defineProperty(unreadable, 'message', {
      get: () => {
        throw new Error('trap');
      },
    });
    const world = new World({ clone: [unreadable] });
    await settle();
    expect(world.errors).toEqual([]);
    expect(world.output.failure).toMatchObject({ step: 'cloning', code: 'INTERNAL' });
    expect(world.count('release')).toBe(1);
  });
});
