import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VZVMSubstrate } from '../../src/index.ts';
import { until } from '../helpers/until.ts';
import { rejection } from '../helpers/rejection.ts';
import { preparedCache } from './cache.ts';
import { detached } from './detached.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();

const isWell = async (baseUrl: string): Promise<boolean> => {
  try {
    return (await fetch(`${baseUrl}/v1/health`)).ok;
  } catch {
    return false;
  }
};

describe.skipIf(reason !== undefined)(`a VM that is given to nobody${reason ? ` (${reason})` : ''}`, () => {
  it('outlives its program, is taken over by another one, and goes with that; nothing is left', async () => {
    await using place = await makePlace();
    const { stateDir } = place;
    const cacheDir = await preparedCache(stateDir);
    const given = await detached({ driver: 'qemu', stateDir, cacheDir }, 3_600_000);
    expect(await isWell(given.baseUrl)).toBe(true);
    const options = { driver: 'qemu', stateDir, cacheDir } as const;
    await using onlooker = new VZVMSubstrate(options);
    expect(await onlooker.list()).toMatchObject([
      { name: given.name, running: true, isLeftOver: false, entry: { expiresAt: given.expiresAt } },
    ]);

    const booted = await VZVMSubstrate.attach(given.name, options);
    expect(booted.baseUrl).toBe(given.baseUrl);
    expect(booted.vm.tags.has('ready')).toBe(true);
    expect(await isWell(booted.baseUrl)).toBe(true);
    expect(await rejection(onlooker.attach(given.name))).toMatchObject({ code: 'OPTION_INVALID' });
    const secrets = await readFile(join(stateDir, 'journal', `${given.name}.access`), 'utf8');
    expect(secrets).toContain(given.baseUrl.split('/').at(-1));
    await booted.shutdown();
    expect(await place.look()).toEqual(NOTHING);
    expect(await onlooker.list()).toEqual([]);
  });

  it('ends when its time is over; taking over what is not there fails', async () => {
    await using place = await makePlace();
    const cacheDir = await preparedCache(place.stateDir);
    const given = await detached({ driver: 'qemu', stateDir: place.stateDir, cacheDir }, 1_000);
    await until('it is gone', async () => (await place.look()).guests.length === 0, 60_000);
    await using substrate = new VZVMSubstrate({ driver: 'qemu', stateDir: place.stateDir, cacheDir });
    expect(await rejection(substrate.attach(given.name))).toMatchObject({ code: 'OPTION_INVALID' });
    await until('all is gone', async () => JSON.stringify(await place.look()) === JSON.stringify(NOTHING));
  });
});
