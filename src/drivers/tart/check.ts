import { release } from 'node:os';
import { messageOf, VzvmError } from '../../errors.ts';
import type { Finding } from '../driver.ts';
import { spaceFinding } from '../space-finding.ts';
import { isFiltered, type GuestNetwork } from '../guest-network.ts';
import { isAtLeast, type TartCli } from './cli.ts';
import { hasUnboundCredentials } from './environment.ts';
import { LEASE_FILE } from './leases.ts';
import { leaseFinding, LEASE_SETTINGS, leaseTimeFinding } from './lease-findings.ts';
import { macFindings } from './mac-findings.ts';
import { virtualisationFinding } from './virtualisation-finding.ts';
import { softnetFinding } from './softnet-finding.ts';

const LOOK_TIMEOUT_MS = 30_000;
/** What an agent's work takes, at the least. */
export const MIN_FREE_MIB = 2048;
/** Older ones keep a processor busy for as long as a stream goes through `tart exec`. */
const BEST = [2, 33, 0] as const;

/** The machine that is looked at. */
export interface TartHost {
  readonly platform: string;
  /** Of the kernel: 24 is macOS 15. */
  readonly release: string;
  readonly uid: number | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** What the DHCP server has given away. */
  readonly leaseFile: string;
  /** For how long it gives. */
  readonly leaseSettings: string;
  /** What has to be free on the disk of Tart's folder, in MiB. */
  readonly minFreeMiB: number;
  /** The program that tells what the kernel can do. */
  readonly sysctlBin: string;
}

/** This machine. */
export const thisHost = (): TartHost => ({
  platform: process.platform,
  release: release(),
  uid: process.getuid?.(),
  env: process.env,
  leaseFile: LEASE_FILE,
  leaseSettings: LEASE_SETTINGS,
  minFreeMiB: MIN_FREE_MIB,
  sysctlBin: '/usr/sbin/sysctl',
});

/** Looks at all that could stop a VM of Tart on a machine; reports, and never rejects for what is missing. */
export async function checkTart(
  tart: TartCli,
  host: TartHost,
  network: GuestNetwork,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const isMac = host.platform === 'darwin';
  const looks: readonly Promise<readonly Finding[]>[] = [
    versionFindings(tart, signal),
    leaseFindings(host, isMac, signal),
    spaceFinding('space for VMs', tart.home, host.minFreeMiB).then((finding) => [finding]),
    isMac ? virtualisationFinding(host, signal) : Promise.resolve([]),
    isFiltered(network) ? softnetFinding(host.env).then((finding) => [finding]) : Promise.resolve([]),
  ];
  const found = (await Promise.all(looks)).flat();
  return [...found, ...(isMac ? macFindings(host) : []), ...credentialFindings(host.env)];
}

async function leaseFindings(
  { leaseFile, leaseSettings }: TartHost,
  isMac: boolean,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const leases = await leaseFinding(leaseFile);
  return isMac ? [leases, await leaseTimeFinding(leaseSettings, signal)] : [leases];
}

async function versionFindings(tart: TartCli, signal: AbortSignal): Promise<readonly Finding[]> {
  const subject = 'tart';
  try {
    const version = await tart.version(signal);
    const finding: Finding = isAtLeast(version, BEST)
      ? { level: 'ok', subject, message: `tart ${version}` }
      : {
          level: 'warning',
          subject,
          message: `tart ${version}: before ${BEST.join('.')} a stream through the guest agent keeps a processor busy`,
          fix: 'brew upgrade cirruslabs/cli/tart',
        };
    return [finding, await imageFinding(tart, signal)];
  } catch (error) {
    const fix = (error instanceof VzvmError ? error.hint : undefined) ?? 'see for yourself: tart --version';
    return [{ level: 'error', subject, message: messageOf(error), fix }];
  }
}

async function imageFinding(tart: TartCli, signal: AbortSignal): Promise<Finding> {
  const subject = 'images of Tart';
  const listed = await tart.run(['list', '--quiet'], { timeoutMs: LOOK_TIMEOUT_MS, signal });
  const count = listed.stdout.split('\n').filter((line) => line !== '').length;
  if (count > 0) return { level: 'ok', subject, message: `${count} here` };
  const message = 'none: the first VM pulls its image, some 5 GB';
  return { level: 'warning', subject, message, fix: 'tart pull ghcr.io/cirruslabs/ubuntu:latest' };
}

function credentialFindings(env: NodeJS.ProcessEnv): readonly Finding[] {
  if (!hasUnboundCredentials(env)) return [];
  return [
    {
      level: 'warning',
      subject: 'registry login',
      message: 'TART_REGISTRY_USERNAME is not used: Tart would give the password to any registry that asks',
      fix: 'export TART_REGISTRY_HOSTNAME=HOST of the registry that the login is for',
    },
  ];
}
