import { readFile } from 'node:fs/promises';
import { run } from '../../process/run.ts';
import type { Finding } from '../driver.ts';
import { FREE_ALL_LEASES, readLeases, SHORTER_LEASES } from './leases.ts';

/** Where macOS keeps for how long its DHCP server gives addresses away. */
export const LEASE_SETTINGS =
  '/Library/Preferences/SystemConfiguration/com.apple.InternetSharing.default.plist';
const LONGEST_S = 3_600;
const MANY = 200;
const ADDRESSES = 253;
const CONVERT_TIMEOUT_MS = 5_000;

/** How many addresses are left for new VMs. */
export async function leaseFinding(file: string): Promise<Finding> {
  const subject = 'DHCP leases';
  const { taken, isFull } = await readLeases(file);
  const message = `${taken} of ${ADDRESSES} addresses are taken`;
  if (taken < MANY) return { level: 'ok', subject, message };
  const fix = `${SHORTER_LEASES}; and ${FREE_ALL_LEASES}`;
  return { level: isFull ? 'error' : 'warning', subject, message, fix };
}

/** Each VM has a hardware address of its own, and so takes an address until its lease expires. */
export async function leaseTimeFinding(file: string, signal: AbortSignal): Promise<Finding> {
  const subject = 'DHCP lease time';
  const seconds = await leaseSeconds(file, signal);
  if (seconds !== undefined && seconds <= LONGEST_S) return { level: 'ok', subject, message: `${seconds} s` };
  const message = `${seconds === undefined ? 'a day' : `${seconds} s`}: at most ${ADDRESSES} VMs in that time`;
  return { level: 'warning', subject, message, fix: SHORTER_LEASES };
}

async function leaseSeconds(file: string, signal: AbortSignal): Promise<number | undefined> {
  const text = await readFile(file, 'latin1').catch(() => ''); // Nobody has changed it.
  const xml = text.startsWith('bplist') ? await asXml(file, signal) : text;
  const found = /<key>DHCPLeaseTimeSecs<\/key>\s*<(?:integer|string)>(\d+)</.exec(xml)?.[1];
  return found === undefined ? undefined : Number(found);
}

async function asXml(file: string, signal: AbortSignal): Promise<string> {
  const args = ['-convert', 'xml1', '-o', '-', file];
  const { stdout } = await run('/usr/bin/plutil', args, { timeoutMs: CONVERT_TIMEOUT_MS, signal });
  return stdout;
}
