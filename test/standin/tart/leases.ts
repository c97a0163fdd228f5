import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from './faults.ts';
import { Failure, other } from './failure.ts';
import { home } from './home.ts';
import { lock } from './lock.ts';

/** The DHCP server's table: of the host, not of a VM, so that it outlives them. */
const leaseFile: string = join(home, 'dhcpd_leases');
const DAY_S = 86_400;
const FIRST = 4;
const LAST = 254;

interface Lease {
  readonly mac: string;
  readonly ip: string;
  /** Seconds since the epoch. */
  readonly until: number;
}

/** What the server answers to a guest; undefined: it has no address left. */
export async function giveLease(
  mac: string,
  prefix: string,
  file: string = leaseFile,
): Promise<string | undefined> {
  const mode = await fault('lease');
  if (mode === 'none') return undefined;
  const release = await lock(file);
  try {
    const all = parse(await readFile(file, 'utf8').catch(() => ''));
    const now = Date.now() / 1000;
    const live = all.filter(({ until }) => until > now);
    const own = live.find((lease) => lease.mac === mac && lease.ip.startsWith(`${prefix}.`));
    const ip = own?.ip ?? freeAddress(prefix, live);
    if (ip === undefined) return undefined;
    const until = Math.floor(now + Number((await fault('lease-seconds')) ?? DAY_S));
    await write(file, [
      ...all.filter((lease) => lease.mac !== mac || lease.until <= now),
      { mac, ip, until },
    ]);
    return ip;
  } finally {
    release();
  }
}

function freeAddress(prefix: string, live: readonly Lease[]): string | undefined {
  const taken = new Set(live.map(({ ip }) => ip));
  const all = Array.from({ length: LAST - FIRST + 1 }, (_, index) => `${prefix}.${FIRST + index}`);
  return all.find((ip) => !taken.has(ip));
}

/** What `tart ip` reads: the latest lease of a hardware address that has not expired. Whether its VM runs is not asked. */
export async function findLease(mac: string): Promise<string | undefined> {
  if ((await fault('lease')) === 'truncated') throw other('Truncated(name: "truncated DHCPD leases file")');
  const text = await readFile(leaseFile, 'utf8').catch(() => '');
  const now = Date.now() / 1000;
  return parse(text)
    .filter((lease) => sameMac(lease.mac, mac) && lease.until > now)
    .toSorted((one, two) => two.until - one.until)[0]?.ip;
}

/** The server writes octets without their leading zeros. */
const sameMac = (one: string, other: string): boolean => plain(one) === plain(other);
const plain = (mac: string): string =>
  mac
    .split(':')
    .map((octet) => Number.parseInt(octet, 16))
    .join(':');

async function write(file: string, leases: readonly Lease[]): Promise<void> {
  const blocks = leases.map(({ mac, ip, until }) => {
    const short = mac
      .split(':')
      .map((octet) => octet.replace(/^0(?=.)/, ''))
      .join(':');
    return `{\n\tname=guest\n\tip_address=${ip}\n\thw_address=1,${short}\n\tidentifier=1,${short}\n\tlease=0x${until.toString(16)}\n}\n`;
  });
  await writeFile(`${file}.new`, blocks.join(''));
  await rename(`${file}.new`, file);
}

function parse(text: string): Lease[] {
  return text.split('}\n').flatMap((block) => {
    const values = new Map(
      block.split('\n').flatMap((line) => {
        const at = line.indexOf('=');
        return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1)] as const];
      }),
    );
    const [type, mac] = (values.get('hw_address') ?? '').split(',');
    const ip = values.get('ip_address');
    if (type !== '1' || mac === undefined || ip === undefined) return [];
    return [{ mac, ip, until: Number(values.get('lease')) }];
  });
}

/** Nobody has answered. */
export const noAddress = (isRunning: boolean): Failure =>
  new Failure(`no IP address found${isRunning ? '' : ', is your VM running?'}`);
