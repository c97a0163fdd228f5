import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainNoAddress, readLeases } from '../../../src/drivers/tart/leases.ts';
import { giveLease } from '../../standin/tart/leases.ts';
import { running } from '../../helpers/tart/guest.ts';
import { startTartBench } from '../../helpers/tart/index.ts';

const never = new AbortController().signal;
const DAY_MS = 86_400_000;
const GUEST = 'ca-1-000000000000';

/** Gives away all addresses of a network. */
async function fill(file: string): Promise<void> {
  for (let number = 0; number < 251; number++) {
    await giveLease(`52:00:00:00:00:${number.toString(16).padStart(2, '0')}`, '127.0.0', file);
  }
}

describe('the table of leases', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leases-'));
    file = join(folder, 'leases');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is empty where there is none, and explains nothing then', async () => {
    expect(await readLeases(file)).toEqual({ taken: 0, isFull: false, hasDuid: false });
    expect(explainNoAddress(await readLeases(file), GUEST)).toBeUndefined();
  });

  it('counts what has not expired, and is full when no address is left', async () => {
    await fill(file);
    expect(await readLeases(file)).toEqual({ taken: 251, isFull: true, hasDuid: false });
    expect(await readLeases(file, Date.now() + 2 * DAY_MS)).toMatchObject({ taken: 0, isFull: false });
    expect(explainNoAddress(await readLeases(file), GUEST)).toMatchObject({
      code: 'LIMIT_REACHED',
      retry: 'safe',
      facts: { guest: GUEST, leases: 251 },
      hint: expect.stringMatching(
        /kickstart -kp system\/com\.apple\.bootpd.*DHCPLeaseTimeSecs -int 600/,
      ) as string,
    });
  });

  it('knows a guest that asks by a DUID, which tart does not find', async () => {
    const until = Math.floor(Date.now() / 1000 + 600).toString(16);
    const lease = `{\n\tname=ubuntu\n\tip_address=192.168.64.7\n\thw_address=ff,f1:f5:dd:7f:0:2\n\tlease=0x${until}\n}\n`;
    await writeFile(file, lease);
    expect(explainNoAddress(await readLeases(file), GUEST)).toMatchObject({
      retry: 'safe',
      hint: expect.stringContaining('dhcp-identifier: mac') as string,
    });
  });

  it('tells why a VM gets no address', async () => {
    await using bench = await startTartBench({ host: { leaseFile: file } });
    await fill(join(bench.home, 'dhcpd_leases'));
    const { guest } = await running(bench.driver);
    expect(await bench.driver.address(guest, never)).toBeUndefined();
    await fill(file);
    await expect(bench.driver.address(guest, never)).rejects.toMatchObject({ code: 'LIMIT_REACHED' });
    await bench.driver.delete(guest);
  });
});
