import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { VZVMSubstrate } from '../../src/index.ts';
import { replay } from '../../src/testing/replay.ts';
import { freshCache } from './cache.ts';
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
    let root: string;
    let cacheDir: string;
    let prepared: Promise<unknown> | undefined;

    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'e2e-model-'));
      cacheDir = await freshCache(root);
    });

    afterAll(() => rm(root, { recursive: true, force: true }));

    /** Not the image of this host's cache: its harness may be an older one, which is then not found in place. */
    const prepare = async () => {
      const folders = { stateDir: join(root, 'state'), cacheDir };
      await using substrate = new VZVMSubstrate({
        driver: 'qemu',
        fork: 'never',
        memoryMiB: 1024,
        ...folders,
      });
      await substrate.prepareImage();
    };

    it.each(lives)('%s', async (_, { path, isPrepared }) => {
      if (isPrepared) await (prepared ??= prepare());
      await using place = await makePlace();
      const { stateDir } = place;
      const driver = createQemuDriver({ stateDir, cacheDir });
      const options = { stateDir, cacheDir, memoryMiB: isPrepared ? 1024 : 512 };
      const subject = { driver, image: 'debian:12', isPrepared, options };
      await replay(path, { subject, patienceMs: PATIENCE_MS });
      expect(await driver.list()).toEqual([]);
      expect(await place.look()).toEqual(NOTHING);
    });
  },
);
