import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTartDriver } from '../../src/drivers/tart/index.ts';
import { VZVMSubstrate } from '../../src/index.ts';
import { replay } from '../../src/testing/replay.ts';
import { tartBin } from '../helpers/tart/index.ts';
import { until } from '../helpers/until.ts';
import { setVariable } from './environment.ts';
import { machinesOf } from './machines.ts';
import { DRAWN, livesOf } from './model-lives.ts';
import { makePlace, NOTHING, type Place } from './outside.ts';
import { reasonToSkipTart } from './requirements.ts';

const IMAGE = 'host.example/ubuntu:latest';
/** Real guests that install from a network take their time on a busy machine. */
const PATIENCE_MS = 15 * 60_000;
const TO_SSH = 'succeeds > succeeds > succeeds';

/** Through all states, with a failure that is safe in each, and to the end of the harness. */
const ALL_STATES =
  'a VM that is kept on failure: failsSafely > pauseEnds > succeeds > failsSafely > pauseEnds > succeeds > ' +
  'isNotReadyYet > pauseEnds > failsSafely > pauseEnds > succeeds > failsSafely > pauseEnds > succeeds > ' +
  'failsSafely > pauseEnds > succeeds > failsSafely > pauseEnds > succeeds > failsSafely > pauseEnds > succeeds > ' +
  'failsSafely > pauseEnds > succeeds > failsSafely > pauseEnds > succeeds > succeeds > dispose > succeeds';
const BARE = [
  ALL_STATES,
  `a VM: ${TO_SSH} > succeeds > succeeds > succeeds > dispose > succeeds`,
  `a VM that is kept on failure: ${TO_SSH} > succeeds > succeeds > succeeds > hangs > dispose > succeeds`,
];
const PREPARED = [
  `a VM: ${TO_SSH} > findsAllPrepared > succeeds > vmDies > succeeds`,
  `a VM: ${TO_SSH} > findsAllPrepared > succeeds > succeeds > succeeds`,
  `a VM: ${TO_SSH} > findsAllPrepared > succeeds > failsSafely > pauseEnds > succeeds > dispose > succeeds`,
  `a VM: ${TO_SSH} > findsAllPrepared > dispose > succeeds`,
  `a VM: succeeds > dispose > succeeds`,
];
/** Whose lives: no VM is made by it. */
const OWN = { driver: createTartDriver({ tartBin }) };
const lives = livesOf(OWN, { bare: BARE, prepared: PREPARED });

const reason = reasonToSkipTart();

describe.skipIf(reason !== undefined)(
  `VMs of the Tart driver with a Linux live the lives of the model (${reason ?? DRAWN}):`,
  () => {
    let place: Place;
    let home: string;
    let restore: () => void;

    beforeAll(async () => {
      place = await makePlace();
      home = join(place.stateDir, 'tart-home');
      await mkdir(join(home, 'faults'), { recursive: true });
      restore = setVariable('TART_HOME', home);
    });

    afterAll(async () => {
      restore();
      await until('nothing is left of its machines', async () => (await machinesOf(home)).length === 0);
      await place[Symbol.asyncDispose]();
    });

    const options = () => ({
      stateDir: place.stateDir,
      cacheDir: join(place.stateDir, 'c'),
      baseImage: IMAGE,
      sshPassword: 'admin',
    });
    const driver = () => createTartDriver({ ...options(), tartBin, tartHome: home });

    let prepared: Promise<void> | undefined;
    const prepare = async () => {
      await using substrate = new VZVMSubstrate({ ...options(), driver: driver() });
      await substrate.prepareImage();
    };

    /** What is there that was not there before a life. */
    const left = async (before: readonly string[]) => ({
      listed: await driver().list(),
      vms: (await readdir(join(home, 'vms'))).filter((name) => !before.includes(name)),
      files: await readdir(join(place.stateDir, 'tart')),
      writtenDown: await readdir(join(place.stateDir, 'journal')),
      ...(await place.look()),
    });

    it.each(lives)('%s', async (_, { path, isPrepared }) => {
      if (isPrepared) await (prepared ??= prepare());
      const before = await readdir(join(home, 'vms')).catch(() => []);
      const subject = { driver: driver(), image: IMAGE, isPrepared, options: options() };
      await replay(path, { subject, patienceMs: PATIENCE_MS });
      // The network of the host, which is nobody's VM, is taken down a moment after the last of them.
      await until('nothing is left of its machines', async () => (await machinesOf(home)).length === 0);
      expect(await left(before)).toEqual({
        ...NOTHING,
        listed: [],
        vms: [],
        files: [],
        writtenDown: [],
      });
    });
  },
);
