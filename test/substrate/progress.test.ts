import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SimulatedClock } from 'xstate';
import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../src/errors.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import type { Progress } from '../../src/progress/index.ts';
import { createSession, readPlan } from '../../src/substrate/session.ts';
import { Progresses } from '../../src/substrate/progress.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

const noSpace = new VzvmError('DISK_FULL', 'no space');
const image = { ref: 'debian:12', digest: 'sha256:1', acceptsKey: true };
const payload = { files: [], harnessDigest: 'h', packagesDigest: 'p' };

/** What follows VMs, with times that are kept in a folder, under a clock that the test moves. */
async function following(stateDir: string, digest = image.digest) {
  const clock = new SimulatedClock();
  const [told, log]: [Progress[], string[]] = [[], []];
  const progresses = new Progresses({
    options: { onProgress: (progress) => void told.push(progress) },
    stateDir,
    log: (line) => void log.push(line),
    clock,
  });
  const driver = Object.assign(createFakeDriver(), { recipe: { driver: 'fake', options: {} } });
  const plan = await readPlan({});
  const start = () => {
    const session = createSession({
      driver,
      image: { ...image, digest },
      plan,
      payload,
      envs: {},
      log: () => undefined,
    });
    return progresses.vm(session, { vmId: session.name, image: image.ref, timeoutsMs: { cloning: 9_000 } });
  };
  return { clock, told, log, progresses, start, driver };
}

type Following = Awaited<ReturnType<typeof following>>;

/** A whole life of a VM, with a clone that takes as long. */
async function live({ clock, start, progresses }: Following, cloneMs: number) {
  const { hear, end } = start();
  const step = (name: 'cloning' | 'booting' | 'healthy' | 'disposing') =>
    hear({ type: 'step', step: name, phase: 'start', attempt: 1, at: clock.now() });
  step('cloning');
  clock.increment(cloneMs);
  step('booting');
  clock.increment(10);
  step('healthy');
  hear({ type: 'ready', at: clock.now() });
  clock.increment(99);
  step('disposing');
  clock.increment(3);
  end();
  await progresses.settled();
}

describe('the progress of a substrate', () => {
  it('says of a step what it usually takes here, once VMs that start alike have shown it', async () => {
    await using temp = await tempDir();
    const first = await following(temp.path);
    await live(first, 1_000);
    await live(first, 3_000);
    await live(first, 2_000);
    const { kinds } = JSON.parse(await readFile(join(temp.path, 'boot-times.json'), 'utf8')) as {
      kinds: object;
    };
    expect(kinds).toEqual({
      'fake none base': { cloning: [1_000, 3_000, 2_000], booting: [10, 10, 10], disposing: [3, 3, 3] },
    });
    const next = await following(temp.path);
    const { hear } = next.start();
    hear({ type: 'step', step: 'cloning', phase: 'start', attempt: 1, at: 0 });
    await until('the times are read', () => {
      next.clock.increment(1);
      hear({ type: 'step', step: 'cloning', phase: 'retry', attempt: 2, at: 0 });
      return next.told.at(-1)?.steps[0]?.usualMs !== undefined;
    });
    next.clock.increment(7_000);
    expect(next.told.at(-1)?.steps[0]).toMatchObject({
      title: 'Clone the image',
      usualMs: 2_000,
      deadlineMs: 9_000,
      slow: { message: expect.stringMatching(/^slower than usual: 7.0 s, usually 2.0 s$/) },
    });
    const other = await following(temp.path, 'kept:1');
    other.start().hear({ type: 'step', step: 'cloning', phase: 'start', attempt: 1, at: 0 });
    await live(other, 1);
    expect(other.told.some(({ steps }) => steps.some(({ usualMs }) => usualMs !== undefined))).toBe(false);
  });

  it('remembers no boot that failed, and none of drivers that end with this process', async () => {
    await using temp = await tempDir();
    const { start, progresses, driver } = await following(temp.path);
    const failed = start();
    failed.hear({ type: 'step', step: 'cloning', phase: 'start', attempt: 1, at: 0 });
    failed.hear({ type: 'step', step: 'disposing', phase: 'start', attempt: 1, at: 0 });
    failed.end();
    Object.assign(driver, { recipe: undefined });
    const unknown = start();
    unknown.hear({ type: 'step', step: 'cloning', phase: 'start', attempt: 1, at: 0 });
    unknown.hear({ type: 'ready', at: 0 });
    await progresses.settled();
    await expect(readFile(join(temp.path, 'boot-times.json'))).rejects.toThrow('ENOENT');
  });

  it('says so when it cannot remember, and goes on', async () => {
    const all = await following('/dev/null');
    await live(all, 1);
    expect(all.log).toContainEqual(
      expect.stringContaining('how long this took cannot be remembered: ENOTDIR'),
    );
    expect(all.told.at(-1)?.status).toBe('ended');
  });
});

describe('onProgress', () => {
  it('is told of each step of a VM until its end, whatever it throws', async () => {
    const told: Progress[] = [];
    await using substrate = new VZVMSubstrate({
      driver: createFakeDriver({ script: { start: noSpace } }),
      baseImage: 'fake',
      onProgress: (progress) => {
        told.push(progress);
        throw new Error('a bug of the program');
      },
    });
    await expect(substrate.bootHarness({ envs: { SECRET: 'canary-7f3a' } })).rejects.toThrow('no space');
    await substrate.dispose();
    expect(told[0]).toMatchObject({ work: 'vm', driver: 'fake', from: 'fake', status: 'working' });
    expect(told.map(({ status }) => status)).toContain('failed');
    expect(told.at(-1)).toMatchObject({
      status: 'ended',
      failure: { code: expect.any(String) },
      steps: expect.arrayContaining([expect.objectContaining({ name: 'cloning', status: 'done' })]),
    });
    expect(JSON.stringify(told)).not.toContain('canary-7f3a');
  });

  it('is told of an image and of the VM that it is made from', async () => {
    const told: Progress[] = [];
    const driver = createFakeDriver({ script: { start: noSpace } });
    await using substrate = new VZVMSubstrate({
      driver,
      baseImage: 'fake',
      onProgress: (progress) => void told.push(progress),
    });
    await expect(substrate.prepareImage()).rejects.toThrow('no space');
    const made = told.findLast(({ work }) => work === 'image');
    expect(made).toMatchObject({ status: 'ended', failure: { code: expect.any(String) } });
    expect(made?.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'waiting done',
      'looking done',
      'provisioning failed',
      'removing done',
    ]);
    expect(told.findLast(({ work }) => work === 'vm')?.status).toBe('ended');
  });
});
