import { describe, expect, it } from 'vitest';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { replay } from '../../src/testing/replay.ts';
import { preparedCache } from './cache.ts';
import { livesOf } from './model-lives.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();
const PATIENCE_MS = 15 * 60_000;
/** One boot, with all that may go wrong on the way to a login, and a VM that dies at work. */
const BARE = [
  'a VM: failsSafely > pauseEnds > succeeds > succeeds > isNotReadyYet > pauseEnds > succeeds > ' +
    'failsSafely > pauseEnds > succeeds > vmDies > succeeds',
];
/** To a harness that serves, is lost from sight, found again and killed; and one that is given up as it starts. */
const PREPARED = [
  'a VM: succeeds > succeeds > succeeds > findsAllPrepared > succeeds > failsSafely > pauseEnds > succeeds > ' +
    'succeeds > succeeds',
  'a VM that is kept on failure: succeeds > succeeds > succeeds > findsAllPrepared > dispose > succeeds',
];
/** Whose lives: no VM is made by it. */
const OWN = { driver: createQemuDriver() };
const lives = livesOf(OWN, { bare: BARE, prepared: PREPARED }, 0);

describe.skipIf(reason !== undefined)(
  `a real VM${reason ? ` (${reason})` : ''} lives, and leaves nothing:`,
  () => {
    it.each(lives)('%s', async (_, { path, isPrepared }) => {
      await using place = await makePlace();
      const { stateDir } = place;
      const cache = isPrepared ? { cacheDir: await preparedCache(stateDir) } : {};
      const driver = createQemuDriver({ stateDir, ...cache });
      const options = { stateDir, memoryMiB: isPrepared ? 1024 : 512, ...cache };
      await replay(path, {
        subject: { driver, image: 'debian:12', isPrepared, options },
        patienceMs: PATIENCE_MS,
      });
      expect(await driver.list()).toEqual([]);
      expect(await place.look()).toEqual(NOTHING);
    });
  },
);
