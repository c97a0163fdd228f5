import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../src/errors.ts';
import type { MemorySnapshots } from '../../src/drivers/driver.ts';
import type { FakeScript } from '../../src/drivers/fake/index.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { TemplateRecords } from '../../src/substrate/template-records.ts';
import { type FakeGuest, startFakeGuest } from '../helpers/fake-guest.ts';
import { giveSnapshots } from '../helpers/snapshots.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

const clonesOf = ({ driver }: FakeGuest): number =>
  driver.calls.filter((call) => call.startsWith('clone')).length;

/** A substrate whose image is prepared, over a driver that can save memory. */
async function setUp(snapshots: Partial<MemorySnapshots>, script: FakeScript = {}) {
  const temp = await tempDir();
  const guest = await startFakeGuest({ pretendsRoot: true, script });
  const lines: string[] = [];
  const options = { ...guest.options, cacheDir: temp.path, onLog: (line: string) => void lines.push(line) };
  await new VZVMSubstrate({ ...options, fork: 'never' }).prepareImage();
  giveSnapshots(guest.driver, snapshots);
  const substrate = new VZVMSubstrate(options);
  return {
    guest,
    substrate,
    options,
    lines,
    records: new TemplateRecords(guest.driver, temp.path),
    /** Lets the driver have the template that is looked for, until it is removed. */
    givesTemplate: (fork: MemorySnapshots['fork']) =>
      giveTemplate(guest, new TemplateRecords(guest.driver, temp.path), fork),
    async [Symbol.asyncDispose]() {
      await substrate.dispose();
      await guest[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
}

function giveTemplate({ driver }: FakeGuest, records: TemplateRecords, fork: MemorySnapshots['fork']): void {
  let isThere = true;
  const has = async (key: string) => {
    if (isThere) await records.write(key, { secret: 'a secret of a template', image: 'an image' });
    return isThere;
  };
  giveSnapshots(driver, { fork, has, remove: () => Promise.resolve(void (isThere = false)) });
}

/** The image takes one clone, the VM another; what is cloned after it hangs. */
const HANGS_AFTER_ONE: FakeScript = { clone: ['ok', 'ok', 'hang'] };

describe('a VM where memory can be saved', () => {
  it('boots where there is no template, which is made beside it and goes with it', async () => {
    const [gate, held] = [Promise.withResolvers<void>(), new Set<string>()];
    const remove = (guest: string) => (held.has(guest) ? gate.promise : undefined);
    await using it = await setUp({}, { ...HANGS_AFTER_ONE, delete: remove });
    const { shutdown } = await it.substrate.bootHarness({ envs: {} });
    await until('a template is being made', () => clonesOf(it.guest) === 3);
    const maker = it.guest.driver.calls.findLast((call) => call.startsWith('clone'))?.split(' ')[1] ?? '';
    held.add(maker);
    let isDown = false;
    const down = shutdown().then(() => (isDown = true));
    await until('it is being removed', () => it.guest.driver.calls.includes(`delete ${maker}`));
    await until('the VM is gone', async () => (await it.substrate.list()).length === 0);
    expect(isDown).toBe(false);
    gate.resolve();
    await down;
    expect(it.guest.driver.calls.at(-1)).toMatch(/^delete /);
    expect(it.lines.join('\n')).not.toContain('no template could be made');
  });

  it('is disposed of with the template that is being made', async () => {
    await using it = await setUp({}, HANGS_AFTER_ONE);
    await it.substrate.bootHarness({ envs: {} });
    await until('a template is being made', () => clonesOf(it.guest) === 3);
    await it.substrate.dispose();
    expect(await it.substrate.list()).toEqual([]);
  });

  it.each([
    ['forks are off', { fork: 'never' as const }],
    ['VMs are limited', { maxConcurrent: 1 }],
  ])('boots, and nothing is made beside it, when %s', async (_, more) => {
    await using it = await setUp({}, HANGS_AFTER_ONE);
    const other = new VZVMSubstrate({ ...it.options, ...more });
    await other.bootHarness({ envs: {} });
    await other.dispose();
    expect(clonesOf(it.guest)).toBe(2);
  });

  it('boots when it cannot be forked; the log says so once, and the template goes', async () => {
    await using it = await setUp({}, HANGS_AFTER_ONE);
    it.givesTemplate(() => Promise.reject(new VzvmError('BOOT_FAILED', 'load of migration failed')));
    const { vm, shutdown } = await it.substrate.bootHarness({ envs: {} });
    expect([vm.tags.has('ready'), await it.records.list()]).toEqual([true, []]);
    const told = it.lines.filter((line) => line.includes('could not be forked'));
    expect(told).toEqual([
      expect.stringMatching(/^a VM could not be forked, so it boots: .*load of migration failed/),
    ]);
    await shutdown();
    expect(await it.substrate.list()).toEqual([]);
  });

  it('is cancelled while it is forked like any other, and keeps its template', async () => {
    await using it = await setUp({});
    const forking = Promise.withResolvers<void>();
    it.givesTemplate(
      (_, signal) =>
        new Promise((_resolve, reject) => {
          forking.resolve();
          signal.addEventListener('abort', () => reject(new VzvmError('ABORTED', 'cancelled')), {
            once: true,
          });
        }),
    );
    const abort = new AbortController();
    const booting = it.substrate.bootHarness({ envs: {}, signal: abort.signal });
    booting.catch(() => undefined);
    await forking.promise;
    abort.abort();
    await expect(booting).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await it.records.list()).toHaveLength(1);
    expect(await it.substrate.list()).toEqual([]);
  });

  it('is made ready by a warm-up, which says what it could not make', async () => {
    await using it = await setUp({}, { clone: ['ok', new VzvmError('DISK_FULL', 'no space for the clone')] });
    await it.substrate.warmUp();
    expect(it.lines.at(-1)).toBe('no template could be made, so VMs boot: cloning: no space for the clone');
    expect(await it.substrate.prepareImage()).toMatchObject({ made: false, hasTemplate: false });
    await expect(it.substrate.warmUp({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(await it.substrate.list()).toEqual([]);
  });
});
