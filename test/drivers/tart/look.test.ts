import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signalProcess } from '../../../src/process/end-process.ts';
import { cloned, running } from '../../helpers/tart/guest.ts';
import { startTartBench, type TartBench } from '../../helpers/tart/index.ts';
import { until } from '../../helpers/until.ts';

const never = new AbortController().signal;

describe('the Tart driver looks', () => {
  let bench: TartBench;

  beforeEach(async () => {
    bench = await startTartBench();
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  it('lists again when somebody has deleted a VM meanwhile, and tells what fails for good', async () => {
    await bench.fault('fail-once-list', 'Error: The file “config.json” couldn’t be opened.');
    expect(await bench.driver.list()).toEqual([]);
    await bench.fault('profile', '2.30.6');
    expect(await bench.driver.list()).toEqual([]);
  });

  it('believes its own child before the list', async () => {
    const { guest } = await running(bench.driver);
    await bench.fault('stale-list');
    expect(await bench.driver.list()).toEqual([{ name: guest, running: true }]);
    await bench.driver.delete(guest);
  });

  it.each(['2.30.6', 'stateless'])(
    'knows which VMs run by the words of other versions: %s',
    async (words) => {
      await bench.fault('profile', words);
      const { guest } = await running(bench.driver);
      expect(await bench.another().list()).toEqual([{ name: guest, running: true }]);
      await bench.driver.delete(guest);
    },
  );

  it('has no address for a VM that has ended, though its lease is still there', async () => {
    const { guest, pid, exited } = await running(bench.driver);
    await until('it has an address', async () => (await bench.driver.address(guest, never)) !== undefined);
    signalProcess(pid, 'SIGKILL');
    await exited;
    expect(await bench.tart('ip', guest)).toMatchObject({ exitCode: 0 });
    expect(await bench.driver.address(guest, never)).toBeUndefined();
    await bench.driver.delete(guest);
  });

  it('knows no host keys where no agent answers, and waits for none', async () => {
    const { guest } = await running(bench.driver);
    await bench.fault('no-agent');
    await bench.fault('agent-patience-ms', '60000');
    expect(await bench.driver.hostKeys?.(guest, never)).toEqual([]);
    await bench.fault('agent-patience-ms', '1');
    expect(await bench.driver.hostKeys?.(guest, never)).toEqual([]);
    expect(await bench.driver.hardwareAddress?.(guest)).toBe(await bench.macOf(guest));
    expect(await bench.driver.hardwareAddress?.('ca-1-000000000000')).toBeUndefined();
    await bench.driver.delete(guest);
  });

  it('does not take a hardware address that it cannot read for none', async () => {
    const guest = await cloned(bench.driver);
    await writeFile(join(bench.home, 'vms', guest, 'config.json'), '{"macAddr');
    await expect(bench.driver.hardwareAddress?.(guest)).rejects.toMatchObject({ retry: 'safe' });
    await bench.driver.delete(guest);
  });

  it('ends a look at the address with the VM', async () => {
    const { guest, pid } = await running(bench.driver);
    await bench.fault('hang-ip');
    const look = bench.driver.address(guest, never);
    await until('it looks', async () => (await bench.calls()).includes(`ip ${guest}`));
    const killedAt = performance.now();
    signalProcess(pid, 'SIGKILL');
    expect(await look).toBeUndefined();
    // And not with its own deadline, which is half a minute.
    expect(performance.now() - killedAt).toBeLessThan(20_000);
    await bench.driver.delete(guest);
  });

  it('asks for the name before it clones, as tart would replace who has it', async () => {
    const guest = await cloned(bench.driver);
    const request = {
      image: await bench.driver.resolveImage('base', { signal: never, log: () => undefined }),
      guest,
      resources: { cpu: 1, memoryMiB: 512 },
      user: 'admin',
      authorizedKey: 'unused',
    };
    const mac = await bench.macOf(guest);
    await expect(bench.driver.clone(request, never)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    expect(await bench.macOf(guest)).toBe(mac);
    await bench.driver.delete(guest);
  });
});
