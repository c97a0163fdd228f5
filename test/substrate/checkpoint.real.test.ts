import { describe, expect, it } from 'vitest';
import type { MemorySnapshots } from '../../src/drivers/driver.ts';
import { VzvmError } from '../../src/errors.ts';
import { VZVMSubstrate } from '../../src/index.ts';
import type { VZVMSubstrateOptions } from '../../src/substrate/index.ts';
import { type FakeGuest, startFakeGuest } from '../helpers/fake-guest.ts';
import { rejection } from '../helpers/rejection.ts';
import { giveSnapshots } from '../helpers/snapshots.ts';
import { until } from '../helpers/until.ts';

/** A driver that saves guests without fail, and what is saved at the moment. */
function saving({ driver }: FakeGuest, parts: Partial<MemorySnapshots> = {}): Set<string> {
  const saved = new Set<string>();
  const base = { ref: 'fake', digest: 'fake:fake', acceptsKey: true };
  const common = { image: base, resources: { cpu: 1, memoryMiB: 1 }, user: 'admin', authorizedKey: '' };
  giveSnapshots(driver, {
    save: ({ key }) => Promise.resolve(void saved.add(key)),
    fork: async ({ guest }, signal) => {
      await driver.clone({ ...common, guest }, signal);
      return driver.start(guest, signal);
    },
    remove: (key) => Promise.resolve(void saved.delete(key)),
    list: () => Promise.resolve([...saved]),
    ...parts,
  });
  return saved;
}

/** A VM that serves, on a driver that can save it. */
async function setUp(
  parts: Partial<MemorySnapshots> = {},
  more: VZVMSubstrateOptions = {},
  script = {},
  pretendsRoot = true,
) {
  const guest = await startFakeGuest({ pretendsRoot, script });
  const saved = saving(guest, parts);
  const lines: string[] = [];
  const onLog = (line: string) => void lines.push(line);
  const shown: string[] = [];
  const onVm = ({ name }: { name: string }) => void shown.push(name);
  const options = { ...guest.options, prepare: 'never' as const, onLog, onVm, ...more };
  const substrate = new VZVMSubstrate(options);
  const booted = await substrate.bootHarness({ envs: {} });
  return {
    ...booted,
    guest,
    saved,
    lines,
    shown,
    substrate,
    names: async () => (await substrate.list()).map(({ name }) => name),
    [Symbol.asyncDispose]: async () => {
      await substrate.dispose();
      expect(await substrate.list()).toEqual([]);
      await guest[Symbol.asyncDispose]();
    },
  };
}

describe('copies of a VM that runs', () => {
  it('are VMs of their own, and take what they were made from with them', async () => {
    await using it = await setUp();
    const copies = await it.vm.fork({ count: 2 });
    const [source, ...others] = await it.names();
    expect([source, others]).toEqual([it.vm.name, copies.map(({ vm }) => vm.name)]);
    expect(it.shown).toEqual([source, ...others]);
    expect(new Set([it.baseUrl, ...copies.map(({ baseUrl }) => baseUrl)]).size).toBe(3);
    expect(copies.map(({ vm }) => vm.tags.has('ready'))).toEqual([true, true]);
    await copies[0]?.shutdown();
    expect(it.saved.size).toBe(1);
    await copies[1]?.shutdown();
    expect([await it.names(), it.saved.size]).toEqual([[source], 0]);
  });

  it('are made of a checkpoint at any time, also of one whose VM has ended, until it is removed', async () => {
    await using it = await setUp();
    const before = Date.now();
    const checkpoint = await it.vm.checkpoint();
    expect([checkpoint.createdAt >= before, [...it.saved]]).toEqual([true, [checkpoint.key]]);
    await it.shutdown();
    const [copy] = await checkpoint.fork();
    expect(await it.names()).toEqual([copy?.vm.name]);
    await copy?.shutdown();
    expect(it.saved.size).toBe(1);
    await Promise.all([checkpoint.remove(), checkpoint.remove()]);
    expect(it.saved.size).toBe(0);
    expect(await rejection(checkpoint.fork())).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  });

  it('can be copied in their turn: what they rest on stays as long', async () => {
    await using it = await setUp();
    const [copy] = await it.vm.fork();
    const checkpoint = await copy?.vm.checkpoint();
    await copy?.shutdown();
    expect(it.saved.size).toBe(2);
    await checkpoint?.remove();
    expect(it.saved.size).toBe(0);
  });

  it('go with their substrate, and so does what they are made from', async () => {
    await using it = await setUp();
    await using checkpoint = await it.vm.checkpoint();
    await checkpoint.fork({ count: 2 });
    await it.substrate.dispose();
    expect([await it.names(), it.saved.size]).toEqual([[], 0]);
    expect(await rejection(it.vm.checkpoint())).toMatchObject({ code: 'ABORTED' });
  });

  it('are all ended when one of them fails', async () => {
    const failure = new VzvmError('BOOT_FAILED', 'the second does not start');
    await using it = await setUp({}, { retries: { booting: 1 } }, { start: ['ok', 'ok', failure, 'ok'] });
    expect(await rejection(it.vm.fork({ count: 3 }))).toMatchObject({ code: 'BOOT_FAILED', step: 'booting' });
    expect([await it.names(), it.saved.size]).toEqual([[it.vm.name], 0]);
    expect(it.vm.tags.has('ready')).toBe(true);
  });

  it('are ended when the harness does not take the token', async () => {
    await using it = await setUp();
    await it.guest.breakClaims();
    expect(await rejection(it.vm.fork({ count: 2 }))).toMatchObject({ code: 'HARNESS_UNHEALTHY' });
    expect([await it.names(), it.saved.size]).toEqual([[it.vm.name], 0]);
  });

  it('are ended when they cannot be given an identity', async () => {
    await using it = await setUp({}, {}, {}, false);
    const error = await rejection(it.vm.fork({ count: 2 }));
    expect(error).toMatchObject({ code: 'COMMAND_FAILED', hint: expect.stringContaining('sudo') });
    expect([await it.names(), it.saved.size]).toEqual([[it.vm.name], 0]);
  });

  it('are none where the VM cannot be saved, which runs on', async () => {
    const save = () => Promise.reject(new VzvmError('DISK_FULL', 'no space'));
    await using it = await setUp({ save });
    expect(await rejection(it.vm.fork())).toMatchObject({ code: 'DISK_FULL' });
    expect([await it.names(), it.vm.tags.has('ready')]).toEqual([[it.vm.name], true]);
  });

  it.each(['the caller', 'the substrate'])('leave nothing when they are cancelled by %s', async (who) => {
    await using it = await setUp({}, {}, { start: ['ok', 'ok', 'hang'] });
    const abort = new AbortController();
    const forking = rejection(it.vm.fork({ count: 3, signal: abort.signal }));
    await until(
      'all start',
      () => it.guest.driver.calls.filter((call) => call.startsWith('start')).length === 4,
    );
    if (who === 'the caller') abort.abort();
    else await it.substrate.dispose();
    expect(await forking).toMatchObject({ code: 'ABORTED' });
    expect(await it.names()).toEqual(who === 'the caller' ? [it.vm.name] : []);
    expect(it.saved.size).toBe(0);
  });

  it('are given up with the VM that is being saved for them', async () => {
    const begun = Promise.withResolvers<void>();
    const save: MemorySnapshots['save'] = (_, signal) =>
      new Promise((_resolve, reject) => {
        begun.resolve();
        signal.addEventListener('abort', () => reject(new VzvmError('ABORTED', 'cancelled')), { once: true });
      });
    await using it = await setUp({ save });
    const saving = rejection(it.vm.checkpoint());
    await begun.promise;
    await it.shutdown();
    expect(await saving).toMatchObject({ code: 'ABORTED' });
    expect(await rejection(it.vm.checkpoint())).toMatchObject({ code: 'GUEST_EXITED' });
  });

  it('are told of by who cannot remove what they were made from: at once, and at the end', async () => {
    const remove = () => Promise.reject(new VzvmError('RELEASE_FAILED', 'the folder is busy'));
    const it = await setUp({ remove });
    const [copy] = await it.vm.fork();
    await copy?.shutdown();
    expect(it.lines.at(-1)).toMatch(/^the checkpoint live-.* could not be removed yet: the folder is busy$/);
    const error = await rejection(it.substrate.dispose());
    expect(error).toMatchObject({ code: 'RELEASE_FAILED', message: 'the folder is busy' });
    await it.guest[Symbol.asyncDispose]();
  });

  it.each([0, 1.5, Number.NaN])('are not %d', async (count) => {
    await using it = await setUp();
    expect(await rejection(it.vm.fork({ count }))).toMatchObject({ code: 'OPTION_INVALID' });
    expect(it.saved.size).toBe(0);
  });

  it('are no more than may run', async () => {
    await using it = await setUp({}, { maxConcurrent: 2 });
    expect(await rejection(it.vm.fork({ count: 2 }))).toMatchObject({ code: 'LIMIT_REACHED' });
    expect(await it.vm.fork()).toHaveLength(1);
  });

  it('are nothing that every driver can make, and the error says what to do', async () => {
    await using guest = await startFakeGuest();
    await using substrate = new VZVMSubstrate({ ...guest.options, prepare: 'never' });
    const { vm } = await substrate.bootHarness({ envs: {} });
    const error = await rejection(vm.fork());
    expect(error).toMatchObject({ code: 'UNSUPPORTED', facts: { driver: 'fake' } });
    expect(error).toMatchObject({ hint: expect.stringMatching(/warm.*vzvm image build.*qemu/) });
  });

  it('are made by whoever was given the VM, and nobody before', async () => {
    const seen: Promise<unknown>[] = [];
    const onVm = (vm: { checkpoint(): Promise<unknown> }) => void seen.push(rejection(vm.checkpoint()));
    await using it = await setUp({}, { onVm });
    expect(await seen[0]).toMatchObject({ code: 'UNSUPPORTED', facts: { guest: it.vm.name } });
  });

  it('find no remains of a killed process', async () => {
    await using it = await setUp();
    it.saved
      .add(`live-${2 ** 22 + 1}-000000000000`)
      .add('live-1-000000000000')
      .add('template');
    const { key } = await it.vm.checkpoint();
    expect([...it.saved]).toEqual(['live-1-000000000000', 'template', key]);
  });
});
