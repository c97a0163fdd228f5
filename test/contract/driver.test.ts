import { describe, expect, it } from 'vitest';
import { driverContract } from '../../src/drivers/contract.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { openPort, startTartBench } from '../helpers/tart/index.ts';

describe('the driver contract: fake', () => {
  it.each(driverContract)('$name', async (check) => {
    const driver = createFakeDriver();
    await check.run({ driver, image: 'fake', unknownImage: 'unknown', openPort: 22 });
    expect(await driver.list()).toEqual([]);
  });
});

describe('the driver contract: fake, whose memory can be saved', () => {
  it.each(driverContract)('$name', async (check) => {
    const driver = createFakeDriver({ snapshots: true });
    await check.run({ driver, image: 'fake', unknownImage: 'unknown', openPort: 22 });
    expect(await driver.list()).toEqual([]);
  });
});

describe('the driver contract: tart', () => {
  it.each(driverContract)('$name', async (check) => {
    await using bench = await startTartBench();
    await using listener = await openPort();
    await check.run({
      driver: bench.driver,
      image: 'base',
      unknownImage: 'unknown',
      openPort: listener.port,
    });
    expect(await bench.driver.list()).toEqual([]);
  });
});
