import { describe, expect, it } from 'vitest';
import { STEPS } from '../../../src/machines/vm/index.ts';
import { HANG, NOTHING_YET, settle, World, WORKER } from './world.ts';

describe('a VM that boots', () => {
  it('goes through every step in order and is ready', async () => {
    const world = new World();
    await settle();
    expect(world.snapshot.hasTag('ready')).toBe(true);
    expect(
      world.snapshot.matches({ alive: { running: { process: 'watching', provision: 'healthy' } } }),
    ).toBe(true);
    expect(world.started).toEqual([...STEPS, 'healthy']);
    expect(world.emitted.at(-1)).toMatchObject({ type: 'ready' });
    expect(world.calls).toEqual([
      'clone',
      'startVm',
      ...(['watchProcess', 'pollAddress'] as const),
      ...STEPS.slice(3).map((step) => WORKER[step]),
      'probeHealth',
      'watchHarness',
    ]);
    expect(world.errors).toEqual([]);
  });

  it('gives every actor an id and nothing else', async () => {
    const world = new World({}, { vmId: 'v7' });
    await settle();
    await world.dispose();
    expect(world.inputs).toHaveLength(12);
    for (const input of world.inputs) expect(input).toEqual({ vmId: 'v7' });
  });

  it('keeps a context that survives JSON whole', async () => {
    const world = new World();
    await settle();
    const { context } = world.snapshot;
    expect(JSON.parse(JSON.stringify(context))).toEqual(context);
    expect(context).toMatchObject({
      address: '10.0.0.9',
      guest: NOTHING_YET,
      failure: null,
      step: 'healthy',
    });
  });

  it.each(STEPS)('is tagged as provisioning, and nothing else, in %s', async (step) => {
    const world = new World({ [WORKER[step]]: [HANG] });
    await settle();
    expect([...world.snapshot.tags]).toEqual(['provisioning']);
  });

  it('watches the process from the moment it runs, and not before', async () => {
    const world = new World({ startVm: [HANG] });
    await settle();
    expect(world.calls).not.toContain('watchProcess');
    await world.answer('startVm');
    expect(world.count('watchProcess')).toBe(1);
  });

  it('looks for an address until there is one, and counts no attempt for it', async () => {
    const world = new World({ pollAddress: [null, null, null, '10.0.0.9'] });
    await world.pass(100);
    expect(world.count('pollAddress')).toBe(2);
    await world.pass(200);
    expect(world.count('pollAddress')).toBe(3);
    await world.pass(199);
    expect(world.count('pollAddress')).toBe(3);
    expect(world.snapshot.context.attempt).toBe(1);
    await world.pass(1);
    expect(world.snapshot.hasTag('ready')).toBe(true);
    expect(world.emitted.filter((event) => event.type === 'step' && event.phase === 'retry')).toEqual([]);
  });

  it('looks at the harness until it is healthy, without starting it again', async () => {
    const world = new World({ probeHealth: [false, false, true] });
    await world.pass(100);
    expect(world.where).toBe('spawn');
    await world.pass(200);
    expect(world.where).toBe('healthy');
    expect(world.count('probeHealth')).toBe(3);
    expect(world.count('spawnHarness')).toBe(1);
  });

  it('starts from its own pause between looks', async () => {
    const world = new World({ pollAddress: [null, '10.0.0.9'] }, { pollMs: 7 });
    await world.pass(6);
    expect(world.count('pollAddress')).toBe(1);
    await world.pass(1);
    expect(world.count('pollAddress')).toBe(2);
  });
});

describe('a guest that has things already', () => {
  const cases = [
    { facts: { harnessUploaded: true }, step: 'upload' },
    { facts: { nodeReady: true }, step: 'node-install' },
    { facts: { packagesReady: true }, step: 'npm-install' },
  ] as const;

  it.each(cases)('skips $step, visibly', async ({ facts, step }) => {
    const world = new World({ connect: [{ ...NOTHING_YET, ...facts }] });
    await settle();
    expect(world.where).toBe('healthy');
    expect(world.count(WORKER[step])).toBe(0);
    expect(world.started).toEqual([...STEPS, 'healthy']);
    const skipped = world.emitted.filter((event) => event.type === 'step' && event.phase === 'skipped');
    expect(skipped).toEqual([{ type: 'step', step, phase: 'skipped', attempt: 0, at: 0 }]);
    const others = cases.filter((other) => other.step !== step);
    expect(others.map((other) => world.count(WORKER[other.step]))).toEqual([1, 1]);
  });

  it('goes from the first contact straight to the harness', async () => {
    const world = new World({ connect: [{ harnessUploaded: true, nodeReady: true, packagesReady: true }] });
    await settle();
    expect(world.where).toBe('healthy');
    expect(world.calls.slice(-4)).toEqual(['connect', 'spawnHarness', 'probeHealth', 'watchHarness']);
  });
});

describe('a VM whose disk is kept as an image', () => {
  it('keeps it when the packages are there, and goes on', async () => {
    const world = new World({ keepImage: [HANG] }, { keepsImage: true });
    await settle();
    expect(world.where).toBe('npm-install');
    await world.answer('keepImage', null);
    expect(world.where).toBe('healthy');
    expect(world.emitted.filter((event) => event.type === 'image')).toEqual([{ type: 'image', at: 0 }]);
  });

  it('goes on with a word when the disk could not be kept', async () => {
    const world = new World({ keepImage: ['the disk is full'] }, { keepsImage: true });
    await settle();
    expect(world.where).toBe('healthy');
    expect(world.emitted).toContainEqual({ type: 'image', problem: 'the disk is full', at: 0 });
  });

  it('keeps nothing when the packages were there already', async () => {
    const connect = [{ ...NOTHING_YET, packagesReady: true }];
    const world = new World({ connect }, { keepsImage: true });
    await settle();
    expect(world.count('keepImage')).toBe(0);
    expect(world.where).toBe('healthy');
  });

  it('starts no harness when it is to become the image itself', async () => {
    const world = new World({}, { endsPrepared: true });
    await settle();
    expect(world.snapshot.hasTag('ready')).toBe(true);
    expect(world.count('spawnHarness')).toBe(0);
    await world.dispose();
    expect(world.output).toMatchObject({ failure: null, problems: [] });
  });
});

describe('a fork', () => {
  it('does only what its template has not done for it, and shows what it skips', async () => {
    const world = new World({}, { isFork: true });
    await settle();
    expect(world.where).toBe('healthy');
    expect(world.calls).toEqual(['startVm', 'watchProcess', 'pollAddress', 'probeHealth', 'watchHarness']);
    expect(world.started).toEqual([...STEPS, 'healthy']);
    const skipped = world.emitted.flatMap((event) =>
      event.type === 'step' && event.phase === 'skipped' ? [event.step] : [],
    );
    expect(skipped).toEqual(['cloning', 'ssh-connect', 'upload', 'node-install', 'npm-install']);
  });
});
