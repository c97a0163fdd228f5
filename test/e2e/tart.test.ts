import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { driverContract } from '../../src/drivers/contract.ts';
import { createTartDriver } from '../../src/drivers/tart/index.ts';
import { tartBin } from '../helpers/tart/index.ts';
import { until } from '../helpers/until.ts';
import { setVariable } from './environment.ts';
import { makePlace, NOTHING, type Place } from './outside.ts';
import { demo } from './run-demo.ts';

/** Why no guest can be had of the stand-in; a failure where `CI` is set. */
const reason =
  process.getuid?.() === 0 && spawnSync('slirp4netns', ['--version']).status === 0
    ? undefined
    : 'the stand-in for tart needs root and slirp4netns';
const skips = reason !== undefined && !process.env['CI'];

/** What an onlooker sees of the stand-in's machines. */
async function machinesOf(home: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  const loops = spawnSync('losetup', ['-a'], { encoding: 'utf8' }).stdout.split('\n');
  return [...lines, ...mounts, ...loops]
    .filter((line) => line.includes(home))
    .map((line) => line.replaceAll('\0', ' '));
}

describe.skipIf(skips)(`Tart, by its stand-in${reason === undefined ? '' : ` (${reason})`}`, () => {
  let place: Place;
  let home: string;
  let restore: () => void;

  beforeEach(async () => {
    place = await makePlace();
    home = join(place.stateDir, 'tart-home');
    await mkdir(join(home, 'faults'), { recursive: true });
    restore = setVariable('TART_HOME', home);
  });

  afterEach(async () => {
    restore();
    await until('nothing is left of its machines', async () => (await machinesOf(home)).length === 0);
    await place[Symbol.asyncDispose]();
  });

  it('runs an agent’s turn in a VM, fetches its file back, and leaves nothing', async () => {
    const put = setVariable('PATH', `${join(tartBin, '..')}:${process.env['PATH']}`);
    const { stdout, code } = await demo(place, ['--driver', 'tart', '--json']).finally(put);
    expect(code).toBe(0);
    const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as unknown;
    expect(report).toMatchObject({
      ok: true,
      driver: 'tart',
      file: { path: 'hello.md', text: '# Hello\n\nWritten by an agent in its own VM.\n' },
      leftovers: [],
    });
    expect(await place.look()).toEqual(NOTHING);
    expect(await readdir(join(home, 'vms'))).toEqual([]);
  });

  it.each(driverContract)('keeps the driver contract: $name', async (check) => {
    const driver = createTartDriver({
      tartBin,
      tartHome: home,
      stateDir: place.stateDir,
      cacheDir: join(place.stateDir, 'c'),
    });
    await check.run({ driver, image: 'host.example/ubuntu:latest', unknownImage: 'unknown', openPort: 22 });
    expect(await driver.list()).toEqual([]);
  });
});
