import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GuestNetwork, readNetwork, writeNetwork } from '../../../src/drivers/guest-network.ts';
import { createDriver } from '../../../src/drivers/registry.ts';
import { running } from '../../helpers/tart/guest.ts';
import { startTartBench, type TartBench } from '../../helpers/tart/index.ts';

const never = new AbortController().signal;
const SOFTNET: GuestNetwork = { softnet: { allow: ['192.168.64.1/32'], block: ['0.0.0.0/0'] } };

describe('the network of VMs of Tart', () => {
  let bench: TartBench;

  beforeEach(async () => {
    bench = await startTartBench();
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  it.each<[GuestNetwork, string]>([
    ['nat', ''],
    ['softnet', ' --net-softnet'],
    ['host', ' --net-host'],
    [{ bridged: 'en0' }, ' --net-bridged=en0'],
    [SOFTNET, ' --net-softnet --net-softnet-allow=192.168.64.1/32 --net-softnet-block=0.0.0.0/0'],
  ])('is told to run: %j', async (network, flags) => {
    const driver = bench.another({ network: writeNetwork(network) });
    const { guest } = await running(driver);
    await driver.delete(guest);
    expect(await bench.calls()).toContain(`run ${guest} --no-graphics --no-clipboard --no-audio${flags}`);
    expect(driver.features.egressPolicy).toBe(flags.includes('softnet') || network === 'host');
  });

  it('is the same for whoever makes the driver again', async () => {
    const { recipe } = bench.another({ network: writeNetwork(SOFTNET) });
    expect(readNetwork(recipe?.options['network'] ?? '')).toEqual(SOFTNET);
    const again = await createDriver('tart', recipe?.options);
    expect(again.features.egressPolicy).toBe(true);
  });

  it('has no leases where it is another machine that gives addresses', async () => {
    const driver = bench.another({ network: writeNetwork({ bridged: 'en0' }) });
    const { guest } = await running(driver);
    await bench.fault('ip', '10.1.2.3');
    expect(await driver.address(guest, never)).toEqual({ host: '10.1.2.3' });
    await driver.delete(guest);
    expect(await bench.calls()).toContain(`ip ${guest} --resolver agent`);
  });

  it('says what to do when softnet cannot filter', async () => {
    await bench.fault('run', 'softnet');
    await expect(running(bench.another({ network: 'softnet' }))).rejects.toMatchObject({
      code: 'BOOT_FAILED',
      hint: expect.stringContaining('chmod u+s') as string,
    });
    for (const { name } of await bench.driver.list()) await bench.driver.delete(name);
  });
});
