import { describe, expect, it } from 'vitest';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { until } from '../helpers/until.ts';

describe('a prepared image that is made on purpose', () => {
  it('is made once, from a VM that ran no harness and is gone', async () => {
    await using guest = await startFakeGuest({ pretendsRoot: true });
    const lines: string[] = [];
    const substrate = new VZVMSubstrate({ ...guest.options, onLog: (line) => void lines.push(line) });
    const first = await substrate.prepareImage();
    expect(first.made).toBe(true);
    expect((await substrate.images()).map(({ key }) => key)).toEqual([first.key]);
    expect(lines.some((line) => line.includes(': spawn'))).toBe(false);
    expect(guest.driver.calls.map((call) => call.split(' ')[0])).toEqual(
      expect.arrayContaining(['stop', 'keepImage', 'delete']),
    );
    expect(await substrate.prepareImage()).toEqual({ key: first.key, made: false, hasTemplate: false });
    expect(await substrate.list()).toEqual([]);
  });

  it('is made by one builder while another waits for it', async () => {
    await using guest = await startFakeGuest({ pretendsRoot: true });
    const substrate = new VZVMSubstrate(guest.options);
    const both = await Promise.all([substrate.prepareImage(), substrate.prepareImage()]);
    expect(both.filter(({ made }) => made)).toHaveLength(1);
    expect(await substrate.list()).toEqual([]);
  });

  it('says what failed, and leaves neither VM nor image', async () => {
    await using guest = await startFakeGuest();
    const substrate = new VZVMSubstrate(guest.options);
    await expect(substrate.prepareImage()).rejects.toMatchObject({
      message: expect.stringContaining('sealing failed') as string,
    });
    expect(await substrate.images()).toEqual([]);
    expect(await substrate.list()).toEqual([]);
  });

  it('is given up when it is cancelled', async () => {
    await using guest = await startFakeGuest({ script: { keepImage: 'hang' }, pretendsRoot: true });
    const substrate = new VZVMSubstrate(guest.options);
    const abort = new AbortController();
    const building = substrate.prepareImage({ signal: abort.signal });
    building.catch(() => undefined);
    await until('the disk is being kept', () =>
      guest.driver.calls.some((call) => call.startsWith('keepImage')),
    );
    abort.abort();
    await expect(building).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await substrate.images()).toEqual([]);
    expect(await substrate.list()).toEqual([]);
  });
});
