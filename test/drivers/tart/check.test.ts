import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeNetwork } from '../../../src/drivers/guest-network.ts';
import type { TartHost } from '../../../src/drivers/tart/check.ts';
import { softnetFinding } from '../../../src/drivers/tart/softnet-finding.ts';
import { startTartBench, type TartBench } from '../../helpers/tart/index.ts';

const never = new AbortController().signal;

describe('vzvm doctor, of Tart', () => {
  let bench: TartBench;
  let folder: string;

  beforeEach(async () => {
    bench = await startTartBench();
    folder = await mkdtemp(join(tmpdir(), 'tart-check-'));
    await sysctl('1');
  });
  afterEach(async () => {
    await bench[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const sysctl = (answer: string) =>
    writeFile(join(folder, 'sysctl'), `#!/bin/sh\n[ "$2" = kern.hv_support ] && echo ${answer}\n`, {
      mode: 0o755,
    });

  /** A Mac without any trouble, but for what is given. */
  const look = (host: Partial<TartHost> = {}, network?: string) =>
    bench
      .another({
        ...(network === undefined ? {} : { network }),
        host: {
          platform: 'darwin',
          release: '24.6.0',
          uid: 501,
          env: { TERM_PROGRAM: 'Apple_Terminal' },
          leaseFile: join(folder, 'leases'),
          leaseSettings: join(folder, 'settings.plist'),
          sysctlBin: join(folder, 'sysctl'),
          ...host,
        },
      })
      .check(never);
  const settings = (seconds: number) =>
    writeFile(
      join(folder, 'settings.plist'),
      `<plist><dict><key>bootpd</key><dict><key>DHCPLeaseTimeSecs</key>\n<integer>${seconds}</integer></dict></dict></plist>`,
    );
  const levels = async (host: Partial<TartHost> = {}) =>
    Object.fromEntries((await look(host)).map(({ subject, level }) => [subject, level]));

  it('is content with a Mac that is set up', async () => {
    await settings(600);
    expect(await levels()).toEqual({
      tart: 'ok',
      'images of Tart': 'ok',
      'space for VMs': 'ok',
      virtualisation: 'ok',
      'DHCP leases': 'ok',
      'DHCP lease time': 'ok',
      'Local Network permission': 'ok',
    });
  });

  it('tells of a tart that is too old, and of one that is not the best', async () => {
    await bench.fault('version', '2.30.5');
    const [old] = await look();
    expect(old).toMatchObject({ level: 'error', fix: expect.stringContaining('brew upgrade') as string });
    await bench.fault('version', '2.32.1');
    expect((await look())[0]).toMatchObject({
      level: 'warning',
      fix: expect.stringContaining('brew') as string,
    });
    await bench.fault('version', 'SNAPSHOT');
    expect((await look())[0]).toMatchObject({ level: 'ok' });
  });

  it('tells that the first VM pulls its image', async () => {
    await rm(join(bench.home, 'vms', 'base'), { recursive: true });
    expect((await look())[1]).toMatchObject({
      level: 'warning',
      fix: expect.stringContaining('tart pull') as string,
    });
  });

  it('tells of a disk without room, and of a processor that runs no guests', async () => {
    expect(await levels({ minFreeMiB: 2 ** 40 })).toMatchObject({ 'space for VMs': 'error' });
    await sysctl('0');
    expect(await levels()).toMatchObject({ virtualisation: 'error' });
  });

  it.each([
    ['nobody has changed it', undefined],
    ['it is a day', 86_400],
  ])('asks for shorter leases where %s', async (_, seconds) => {
    if (seconds !== undefined) await settings(seconds);
    const finding = (await look()).find(({ subject }) => subject === 'DHCP lease time');
    expect(finding).toMatchObject({ level: 'warning', fix: expect.stringContaining('-int 600') as string });
  });

  it('tells that no address is left, before a VM waits for one', async () => {
    const until = Math.floor(Date.now() / 1000 + 600).toString(16);
    const lease = (number: number) =>
      `{\n\tip_address=192.168.64.${number}\n\thw_address=1,52:0:0:0:0:${number.toString(16)}\n\tlease=0x${until}\n}\n`;
    const write = (count: number) =>
      writeFile(
        join(folder, 'leases'),
        Array.from({ length: count }, (_, index) => lease(index + 2)).join(''),
      );
    await write(210);
    expect(await levels()).toMatchObject({ 'DHCP leases': 'warning' });
    await write(253);
    expect(await levels()).toMatchObject({ 'DHCP leases': 'error' });
  });

  it('knows what macOS asks of programs, of logins from afar, and of root', async () => {
    expect(await levels({ env: { TERM_PROGRAM: 'vscode' } })).toMatchObject({
      'Local Network permission': 'warning',
    });
    expect(await levels({ env: {}, release: '23.0.0' })).not.toHaveProperty('Local Network permission');
    expect(await levels({ env: { SSH_CONNECTION: '1 2 3 4' } })).toMatchObject({
      'login keychain': 'warning',
      'Local Network permission': 'ok',
    });
    expect(await levels({ uid: 0 })).toMatchObject({ user: 'warning' });
  });

  it('tells of a login that any registry would get', async () => {
    const env = { TART_REGISTRY_USERNAME: 'me', TART_REGISTRY_PASSWORD: 'secret' };
    const findings = await look({ env });
    expect(findings.find(({ subject }) => subject === 'registry login')).toMatchObject({ level: 'warning' });
    expect(JSON.stringify(findings)).not.toContain('secret');
  });

  it('asks for softnet where packets are to be filtered, and only there', async () => {
    const network = writeNetwork({ softnet: { block: ['10.0.0.0/8'] } });
    const findings = await look({ env: { PATH: folder } }, network);
    expect(findings.find(({ subject }) => subject === 'softnet')).toMatchObject({ level: 'error' });
    await mkdir(join(folder, 'bin'));
    const file = join(folder, 'bin', 'softnet');
    await writeFile(file, '');
    const env = { PATH: join(folder, 'bin') };
    expect(await softnetFinding(env)).toMatchObject({
      level: 'error',
      fix: expect.stringContaining(`chmod u+s ${file}`) as string,
    });
    await chmod(file, 0o4755);
    expect(await softnetFinding(env, process.getuid?.())).toMatchObject({ level: 'ok' });
  });
});
