import { describe, expect, it } from 'vitest';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { chooseDriver, imageFor } from '../../src/substrate/choose-driver.ts';
import type { VZVMSubstrateOptions } from '../../src/substrate/options.ts';

const choose = (options: VZVMSubstrateOptions) => chooseDriver(options, () => undefined);

describe('the driver', () => {
  it('is the one that was given', async () => {
    const driver = createFakeDriver();
    expect(await choose({ driver, tartBin: '/opt/tart' })).toBe(driver);
  });

  it.each([
    ['qemu', { driver: 'qemu' }],
    ['tart', { driver: 'tart' }],
    ['tart', { tartBin: '/opt/tart' }],
    ['qemu', { driver: 'qemu', tartBin: '/opt/tart' }],
  ] as const)('is %s for %j', async (name, options) => {
    expect((await choose(options)).name).toBe(name);
  });
});

describe('the network of VMs', () => {
  it('is given to Tart', async () => {
    const { recipe, features } = await choose({ driver: 'tart', network: { softnet: {} } });
    expect([recipe?.options['network'], features.egressPolicy]).toEqual(['{"softnet":{}}', true]);
  });

  it.each([{ driver: 'qemu' as const }, { driver: createFakeDriver() }])(
    'is refused where there is no other than NAT: $driver',
    async ({ driver }) => {
      await expect(choose({ driver, network: 'host' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      expect((await choose({ driver, network: 'nat' })).name).toBeTypeOf('string');
    },
  );
});

describe('folders of the host', () => {
  it('are refused where guests cannot be shown any', async () => {
    for (const driver of ['qemu', createFakeDriver()] as const)
      await expect(choose({ driver, mounts: { '/mnt/data': '/' } })).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        facts: { target: '/mnt/data' },
      });
  });

  it.each([
    ['/not/there', 'is not there'],
    [import.meta.filename, 'is no folder'],
  ])('have to be there: %s', async (folder, why) => {
    const options = { driver: 'tart', mounts: { '/mnt/data': { path: folder } } } as const;
    await expect(choose(options)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(why) as string,
    });
  });
});

describe('the image', () => {
  const named = (name: string) => ({ ...createFakeDriver(), name });

  it.each([
    ['tart', 'ghcr.io/cirruslabs/ubuntu:latest'],
    ['qemu', 'debian:12'],
  ])('of %s is %s unless another one is asked for', (name, image) => {
    expect(imageFor(named(name), {})).toBe(image);
    expect(imageFor(named(name), { baseImage: 'mine' })).toBe('mine');
  });
});
