import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../../src/errors.ts';
import { DEFAULT_TIMEOUTS_MS, STEPS } from '../../../src/machines/vm/index.ts';
import { HANG, type Plan, settle, World, WORKER } from './world.ts';

const safe = new VzvmError('DIAL_FAILED', 'refused', { retry: 'safe' });

/** Every place a VM can rest in, and the plan that leads there. */
const PLACES: readonly { readonly place: string; readonly plan: Plan; readonly keepOnFailure?: boolean }[] = [
  ...STEPS.map((step) => ({ place: step, plan: { [WORKER[step]]: [HANG] } })),
  ...STEPS.map((step) => ({ place: `the back-off of ${step}`, plan: { [WORKER[step]]: [safe] } })),
  { place: 'the pause between looks for an address', plan: { pollAddress: [null] } },
  { place: 'the look at the harness', plan: { probeHealth: [HANG] } },
  { place: 'the pause between looks at the harness', plan: { probeHealth: [false] } },
  { place: 'healthy', plan: {} },
  { place: 'the pause before the guest is reached for', plan: { watchHarness: [safe] } },
];

describe.each(PLACES)('DISPOSE in $place', ({ plan }) => {
  it('releases once, cancels what runs, and is no failure', async () => {
    const world = new World(plan);
    await settle();
    const running = Object.keys(world.snapshot.children);
    expect(world.isDone).toBe(false);
    await world.dispose('asked');
    expect(world.output).toEqual({ vmId: 'v1', failure: null, disposeReason: 'asked', problems: [] });
    expect([...world.aborted].sort()).toEqual(running.sort());
    expect(world.count('release')).toBe(1);
    expect(world.started.at(-1)).toBe('disposing');
    expect(world.emitted.filter((event) => event.type === 'failed')).toEqual([]);
  });

  it('twice at once releases once, for the first reason', async () => {
    const world = new World({ ...plan, release: [HANG] });
    await settle();
    world.actor.send({ type: 'DISPOSE', reason: 'first' });
    world.actor.send({ type: 'DISPOSE', reason: 'second' });
    await settle();
    expect([...world.snapshot.tags]).toEqual(['disposing']);
    await world.dispose('third');
    await world.answer('release', []);
    expect(world.output).toMatchObject({ disposeReason: 'first', failure: null });
    expect(world.count('release')).toBe(1);
    expect(world.started.filter((step) => step === 'disposing')).toHaveLength(1);
  });

  it('leaves no timer that does anything later', async () => {
    const world = new World(plan);
    await settle();
    await world.dispose();
    const before = { calls: [...world.calls], emitted: world.emitted.length };
    await world.pass(3_600_000);
    expect({ calls: world.calls, emitted: world.emitted.length }).toEqual(before);
  });
});

describe('the release', () => {
  it('that fails ends in a problem, not in silence and not in a hang', async () => {
    const world = new World({ release: [new VzvmError('RELEASE_FAILED', 'disk is busy')] });
    await settle();
    await world.dispose();
    expect(world.output).toMatchObject({ problems: ['disk is busy'], failure: null });
    expect(world.errors).toEqual([]);
  });

  it('that could not release everything says what is left', async () => {
    const world = new World({ release: [['guest ca-1: still running', 'port 7700']] });
    await settle();
    await world.dispose();
    expect(world.output.problems).toEqual(['guest ca-1: still running', 'port 7700']);
  });

  it('that hangs ends at its deadline with a problem', async () => {
    const world = new World({ release: [HANG] });
    await settle();
    await world.dispose();
    await world.pass(DEFAULT_TIMEOUTS_MS.disposing - 1);
    expect(world.isDone).toBe(false);
    await world.pass(1);
    expect(world.output.problems).toEqual([expect.stringContaining('deadline')]);
    expect(world.aborted).toContain('release');
  });

  it('has a deadline of its own VM', async () => {
    const world = new World({ release: [HANG] }, { timeoutsMs: { disposing: 10 } });
    await settle();
    await world.dispose();
    await world.pass(10);
    expect(world.isDone).toBe(true);
  });

  it('keeps the failure that led to it when it fails as well', async () => {
    const world = new World({
      upload: [new VzvmError('UPLOAD_FAILED', 'boom')],
      release: [new VzvmError('RELEASE_FAILED', 'disk is busy')],
    });
    await settle();
    expect(world.output).toMatchObject({ failure: { code: 'UPLOAD_FAILED' }, problems: ['disk is busy'] });
  });

  it('is not begun again by DISPOSE after the end', async () => {
    const world = new World();
    await settle();
    await world.dispose('first');
    await world.dispose('second');
    expect(world.output.disposeReason).toBe('first');
    expect(world.count('release')).toBe(1);
  });

  it('happens for a VM that was disposed before its first turn', async () => {
    const world = new World();
    world.actor.send({ type: 'DISPOSE', reason: 'at once' });
    await settle();
    expect(world.calls).toEqual(['clone', 'release']);
    expect(world.output).toMatchObject({ failure: null, disposeReason: 'at once' });
  });
});

describe('a failure after DISPOSE', () => {
  it.each(STEPS)('in %s stays no failure', async (step) => {
    const world = new World({ [WORKER[step]]: [HANG], release: [HANG] });
    await settle();
    await world.dispose('asked');
    await world.reject(WORKER[step], new VzvmError('INTERNAL', 'late'));
    await world.answer('release', []);
    expect(world.output).toMatchObject({ failure: null, disposeReason: 'asked' });
    expect(world.emitted.filter((event) => event.type === 'failed')).toEqual([]);
  });
});
