import { describe, expect, it } from 'vitest';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { VzvmError } from '../../src/errors.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { startFakeGuest, type FakeGuest } from '../helpers/fake-guest.ts';
import { until } from '../helpers/until.ts';

// The fake guest is one machine: so no test here lets two VMs of it run at the same time.

const clones = ({ driver }: FakeGuest): number =>
  driver.calls.filter((call) => call.startsWith('clone')).length;

describe('a warm pool', () => {
  it('gives a VM that has booted before anybody asked', async () => {
    await using guest = await startFakeGuest();
    const substrate = new VZVMSubstrate({ ...guest.options, warm: { size: 1 }, maxConcurrent: 1 });
    await substrate.warmUp();
    expect(clones(guest)).toBe(1);
    const [parked] = await substrate.list();
    const { vm, baseUrl, shutdown } = await substrate.bootHarness({ envs: { KEY: 'value' }, label: 'mine' });
    expect(vm.name).toBe(parked?.name);
    expect(clones(guest)).toBe(1);
    expect(baseUrl).toMatch(/\/t\/[\w-]{32}$/);
    await shutdown();
    await substrate.dispose();
    expect(await substrate.list()).toEqual([]);
  });

  it('fills itself again after a VM was taken and ended', async () => {
    await using guest = await startFakeGuest();
    const substrate = new VZVMSubstrate({ ...guest.options, warm: { size: 1 }, maxConcurrent: 1 });
    await substrate.warmUp();
    const first = await substrate.bootHarness({ envs: {} });
    await first.shutdown();
    await substrate.warmUp();
    const second = await substrate.bootHarness({ envs: {} });
    expect(second.vm.name).not.toBe(first.vm.name);
    expect(clones(guest)).toBe(2);
    await substrate.dispose();
    expect(await substrate.list()).toEqual([]);
  });

  it('never gives a VM that has died, and replaces it', async () => {
    await using guest = await startFakeGuest();
    const substrate = new VZVMSubstrate({ ...guest.options, warm: { size: 1 }, maxConcurrent: 1 });
    await substrate.warmUp();
    const [dead] = await substrate.list();
    guest.driver.killGuest(dead?.name ?? '');
    const { vm } = await substrate.bootHarness({ envs: {} });
    expect(vm.name).not.toBe(dead?.name);
    await substrate.dispose();
    expect(await substrate.list()).toEqual([]);
  });

  it('takes another VM when the one it was given cannot be claimed', async () => {
    await using guest = await startFakeGuest();
    const lines: string[] = [];
    const substrate = new VZVMSubstrate({
      ...guest.options,
      warm: { size: 1 },
      maxConcurrent: 1,
      onLog: (line) => void lines.push(line),
    });
    await substrate.warmUp();
    const [broken] = await substrate.list();
    await guest.breakClaims();
    const { vm } = await substrate.bootHarness({ envs: {} });
    expect(vm.name).not.toBe(broken?.name);
    expect(lines.join('\n')).toContain('could not be claimed');
    await substrate.dispose();
    expect(await substrate.list()).toEqual([]);
  });

  it('ends a VM whose claim was cancelled half-way: nobody else is given it', async () => {
    await using guest = await startFakeGuest();
    const substrate = new VZVMSubstrate({ ...guest.options, warm: { size: 1 }, maxConcurrent: 1 });
    await substrate.warmUp();
    const [parked] = await substrate.list();
    const hasCome = await guest.silenceClaims();
    const abort = new AbortController();
    const claiming = substrate.bootHarness({ envs: {}, signal: abort.signal });
    claiming.catch(() => undefined);
    await until('it is being claimed', hasCome);
    abort.abort();
    await expect(claiming).rejects.toMatchObject({ code: 'ABORTED' });
    await until('it is gone', async () =>
      (await substrate.list()).every(({ name }) => name !== parked?.name),
    );
    await substrate.dispose();
    expect(await substrate.list()).toEqual([]);
  });

  it('goes with its substrate, whether it was filled, was filling, or never began', async () => {
    await using guest = await startFakeGuest();
    const options = { ...guest.options, warm: { size: 1 } };
    const filled = new VZVMSubstrate(options);
    await filled.warmUp();
    await Promise.all([filled.dispose(), filled.dispose()]);
    const filling = new VZVMSubstrate(options);
    void filling.warmUp();
    await until('a VM is on its way', async () => (await filling.list()).length === 1);
    await filling.dispose();
    await new VZVMSubstrate(options).dispose();
    expect(await filled.list()).toEqual([]);
    await expect(filled.warmUp()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('pauses when its boots fail, and a boot that is asked for says why', async () => {
    const failure = new VzvmError('BOOT_FAILED', 'no room');
    const driver = createFakeDriver({ script: { start: failure } });
    const lines: string[] = [];
    const onLog = (line: string) => void lines.push(line);
    const substrate = new VZVMSubstrate({ driver, baseImage: 'fake', warm: { size: 1 }, onLog });
    await substrate.warmUp();
    expect(lines.join('\n')).toContain('the pool pauses');
    await expect(substrate.bootHarness({ envs: {} })).rejects.toMatchObject({ code: 'BOOT_FAILED' });
    await substrate.dispose();
    expect(await substrate.list()).toEqual([]);
  });
});

describe('a limit of VMs', () => {
  it('lets boots wait in their order, and tells them where they are', async () => {
    await using guest = await startFakeGuest();
    const lines: string[] = [];
    const onLog = (line: string) => void lines.push(line);
    const substrate = new VZVMSubstrate({ ...guest.options, maxConcurrent: 1, onLog });
    const first = await substrate.bootHarness({ envs: {} });
    const order: number[] = [];
    const waiting = [1, 2].map(async (number) => {
      const { shutdown } = await substrate.bootHarness({ envs: {} });
      order.push(number);
      await shutdown();
    });
    await until('both wait', () => lines.some((line) => line.includes('position 2')));
    await first.shutdown();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
    await substrate.dispose();
    expect(await substrate.list()).toEqual([]);
  });

  it('lets a boot that waits be cancelled, and those behind it move up', async () => {
    await using guest = await startFakeGuest();
    const lines: string[] = [];
    const onLog = (line: string) => void lines.push(line);
    const substrate = new VZVMSubstrate({ ...guest.options, maxConcurrent: 1, onLog });
    await substrate.bootHarness({ envs: {} });
    const abort = new AbortController();
    const cancelled = substrate.bootHarness({ envs: {}, signal: abort.signal });
    const behind = substrate.bootHarness({ envs: {} });
    behind.catch(() => undefined);
    await until('both wait', () => lines.some((line) => line.includes('position 2')));
    abort.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'ABORTED' });
    expect(lines.filter((line) => line.includes('position 1'))).toHaveLength(2);
    await substrate.dispose();
    await expect(behind).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await substrate.list()).toEqual([]);
  });
});
