import { spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { driverContract } from '../../src/drivers/contract.ts';
import { createTartDriver } from '../../src/drivers/tart/index.ts';
import { VZVMSubstrate } from '../../src/index.ts';
import { signalProcess } from '../../src/process/end-process.ts';
import { connectSsh } from '../../src/ssh/index.ts';
import { running } from '../helpers/tart/guest.ts';
import { reasonToSkipTart } from './requirements.ts';
import { tartBin } from '../helpers/tart/index.ts';
import { until } from '../helpers/until.ts';
import { detached } from './detached.ts';
import { setVariable } from './environment.ts';
import { machinesOf } from './machines.ts';
import { makePlace, NOTHING, type Place } from './outside.ts';
import { demo } from './run-demo.ts';

const IMAGE = 'host.example/ubuntu:latest';
const never = new AbortController().signal;

const reason = reasonToSkipTart();

describe.skipIf(reason !== undefined)(`Tart, by its stand-in${reason ? ` (${reason})` : ''}`, () => {
  let place: Place;
  let home: string;
  let restore: () => void;
  /** What ends what a test that fails has left. */
  const ends: (() => void)[] = [];

  beforeEach(async () => {
    place = await makePlace();
    home = join(place.stateDir, 'tart-home');
    await mkdir(join(home, 'faults'), { recursive: true });
    restore = setVariable('TART_HOME', home);
  });

  afterEach(async () => {
    restore();
    for (const end of ends.splice(0)) end();
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

  /** For VMs that nothing was prepared for. */
  const bare = () =>
    ({
      driver: 'tart',
      tartBin,
      stateDir: place.stateDir,
      cacheDir: join(place.stateDir, 'c'),
      baseImage: IMAGE,
      sshPassword: 'admin',
      prepare: 'never',
    }) as const;

  const makeDriver = () =>
    createTartDriver({
      tartBin,
      tartHome: home,
      stateDir: place.stateDir,
      cacheDir: join(place.stateDir, 'c'),
    });

  /** What a machine says first at its SSH port, and the fingerprint of its host key. */
  const hostKeyAt = async (dial: () => Promise<Duplex>): Promise<string> => {
    const connection = await connectSsh({
      dial,
      user: 'admin',
      auth: { password: 'admin' },
      bannerTimeoutMs: 20_000,
      signal: never,
    });
    await connection.close();
    return connection.hostKey;
  };

  it('knows each guest by its host keys, and reaches it where the system refuses the way to its address', async () => {
    const driver = makeDriver();
    const [one, other] = await Promise.all([running(driver, IMAGE), running(driver, IMAGE)]);
    const dialing = (guest: string) => () => driver.dial(guest, 22, never);
    const hasAddress = async () => (await driver.address(one.guest, never)) !== undefined;
    await until('there is an address', hasAddress, 30_000);
    const host = (await driver.address(one.guest, never))?.host ?? '';
    const [own, others] = [
      await driver.hostKeys?.(one.guest, never),
      await driver.hostKeys?.(other.guest, never),
    ];
    expect(own).toContain(await hostKeyAt(dialing(one.guest)));
    // As it is when the server has given one address to two.
    await writeFile(join(home, 'faults', 'ip'), host);
    expect(others).not.toContain(await hostKeyAt(dialing(other.guest)));
    // Nobody has this address: the system says that there is no way to it.
    await writeFile(join(home, 'faults', 'ip'), host.replace(/\d+$/, '250'));
    expect(own).toContain(await hostKeyAt(dialing(one.guest)));
    expect(driver.features.directRoute).toBe(false);
    for (const { guest } of [one, other]) await driver.delete(guest);
    expect(await driver.list()).toEqual([]);
  });

  it('serves an agent, and is given to another substrate, where the system refuses the way to its address', async () => {
    const options = {
      driver: 'tart',
      tartBin,
      stateDir: place.stateDir,
      baseImage: IMAGE,
      sshPassword: 'admin',
    } as const;
    const cacheDir = join(place.stateDir, 'c');
    const other = makeDriver();
    const { guest, pid } = await running(other, IMAGE);
    ends.push(() => signalProcess(pid, 'SIGKILL'));
    await until('there is a network', async () => (await other.address(guest, never)) !== undefined, 30_000);
    const host = (await other.address(guest, never))?.host ?? '';
    await writeFile(join(home, 'faults', 'ip'), host.replace(/\d+$/, '250'));
    await using first = new VZVMSubstrate({ ...options, cacheDir, prepare: 'never' });
    const { vm, baseUrl } = await first.bootHarness({ envs: {} });
    expect(baseUrl).toContain('http://127.0.0.1:');
    const { name } = await vm.detach({ ttlMs: 600_000 });
    await using second = new VZVMSubstrate({ ...options, cacheDir });
    const booted = await second.attach(name);
    expect((await fetch(`${booted.baseUrl}/v1/health`)).ok).toBe(true);
    await booted.shutdown();
    await other.delete(guest);
    expect(await readdir(join(home, 'vms'))).toEqual([]);
  });

  it('shows a VM folders of the host, which it only reads unless it is let write', async () => {
    const [seen, shared] = [join(place.stateDir, 'seen'), join(place.stateDir, 'shared too')];
    for (const folder of [seen, shared]) await mkdir(folder);
    await writeFile(join(seen, 'from-host'), 'hello');
    await using substrate = new VZVMSubstrate({
      ...bare(),
      mounts: { '/mnt/seen': seen, '/home/admin/a folder': { path: shared, writable: true } },
    });
    const { vm } = await substrate.bootHarness({ envs: {} });
    const inGuest = (script: string) => {
      const { status, stdout } = spawnSync(tartBin, ['exec', vm.name, 'sh', '-c', script], {
        encoding: 'utf8',
      });
      return { status, stdout };
    };
    expect(inGuest('cat /mnt/seen/from-host')).toEqual({ status: 0, stdout: 'hello' });
    expect(inGuest('sudo touch /mnt/seen/from-guest').status).not.toBe(0);
    expect(inGuest('echo hello | sudo tee "/home/admin/a folder/from-guest"').status).toBe(0);
    await substrate.dispose();
    expect([await readdir(seen), await readdir(shared)]).toEqual([['from-host'], ['from-guest']]);
  });

  it('outlives its program, is taken over by another one, and goes with that', async () => {
    const options = bare();
    const { name, baseUrl } = await detached(options, 600_000);
    const booted = await VZVMSubstrate.attach(name, options);
    expect([booted.baseUrl, (await fetch(`${baseUrl}/v1/health`)).ok]).toEqual([baseUrl, true]);
    await booted.shutdown();
    expect(await readdir(join(home, 'vms'))).toEqual([]);
    expect(await place.look()).toEqual(NOTHING);
  });

  it.each(driverContract)('keeps the driver contract: $name', async (check) => {
    const driver = makeDriver();
    await check.run({ driver, image: IMAGE, unknownImage: 'unknown', openPort: 22 });
    expect(await driver.list()).toEqual([]);
  });
});
