import { describe, expect, it } from 'vitest';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { readPath } from '../../src/testing/paths.ts';
import { replay } from '../../src/testing/replay.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();
/** One boot, with all that may go wrong on the way to a login, and a VM that dies at work. */
const PATH =
  'a VM: failsSafely > pauseEnds > succeeds > succeeds > isNotReadyYet > pauseEnds > succeeds > ' +
  'failsSafely > pauseEnds > succeeds > vmDies > succeeds';

describe.skipIf(reason !== undefined)(`a real VM${reason ? ` (${reason})` : ''}`, () => {
  it('lives a life of the model, and leaves nothing', async () => {
    await using place = await makePlace();
    const driver = createQemuDriver({ stateDir: place.stateDir });
    const options = { stateDir: place.stateDir, memoryMiB: 512 };
    const subject = { driver, image: 'debian:12', options };
    await replay(readPath(PATH, subject), { subject, patienceMs: 180_000 });
    expect(await driver.list()).toEqual([]);
    expect(await place.look()).toEqual(NOTHING);
  });
});
