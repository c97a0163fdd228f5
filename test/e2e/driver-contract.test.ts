import { describe, expect, it } from 'vitest';
import { driverContract } from '../../src/drivers/contract.ts';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)(`the driver contract: qemu${reason ? ` (${reason})` : ''}`, () => {
  it.each(driverContract)('$name', async (check) => {
    await using place = await makePlace();
    const driver = createQemuDriver({ stateDir: place.stateDir });
    await check.run({ driver, image: 'debian:12', unknownImage: 'debain:12', openPort: 22 });
    expect(await place.look()).toEqual(NOTHING);
  });
});
