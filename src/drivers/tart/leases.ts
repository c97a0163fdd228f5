import { readFile } from 'node:fs/promises';
import { VzvmError } from '../../errors.ts';

/** Where macOS's DHCP server writes down what it has given away. */
export const LEASE_FILE = '/var/db/dhcpd_leases';
/** Of the 253 that a network has: the last few may be kept by the server. */
const FULL_AT = 250;

/** What puts an end to leases of a day. */
export const SHORTER_LEASES =
  'sudo defaults write /Library/Preferences/SystemConfiguration/com.apple.InternetSharing.default.plist bootpd -dict DHCPLeaseTimeSecs -int 600';
/** What frees them all. */
export const FREE_ALL_LEASES =
  'with no VM running: sudo rm /var/db/dhcpd_leases && sudo launchctl kickstart -kp system/com.apple.bootpd';

/** What the DHCP server has given away and not got back. */
export interface LeaseTable {
  /** In the network with the most of them. */
  readonly taken: number;
  readonly isFull: boolean;
  /** Somebody has asked by a DUID, and not by a hardware address: Tart does not find such a lease. */
  readonly hasDuid: boolean;
}

/** Reads the table; where there is none, nothing is given away. */
export async function readLeases(file: string, now: number = Date.now()): Promise<LeaseTable> {
  const text = await readFile(file, 'utf8').catch(() => ''); // No VM has run yet, or this is no Mac.
  const live = text.split(/^\}$/m).flatMap((block) => {
    const [ip, type, until] = [/ip_address=(\S+)/, /hw_address=(\w+),/, /lease=(0x[\da-f]+)/].map(
      (each) => each.exec(block)?.[1],
    );
    return ip !== undefined && Number(until) * 1000 > now
      ? [{ network: ip.replace(/\.\d+$/, ''), type }]
      : [];
  });
  const counts = Map.groupBy(live, ({ network }) => network);
  const taken = Math.max(0, ...[...counts.values()].map(({ length }) => length));
  return { taken, isFull: taken >= FULL_AT, hasDuid: live.some(({ type }) => type === 'ff') };
}

/** Why a guest that has had the time to ask still has no address, where the table tells. */
export function explainNoAddress(
  { taken, isFull, hasDuid }: LeaseTable,
  guest: string,
): VzvmError | undefined {
  const facts = { guest, leases: taken };
  if (isFull) {
    const message = `macOS has no address left for ${guest}: ${taken} leases of its network are taken`;
    const hint = `${FREE_ALL_LEASES}; and so that it does not come again: ${SHORTER_LEASES}`;
    return new VzvmError('LIMIT_REACHED', message, { facts, hint, retry: 'safe' });
  }
  if (!hasDuid) return undefined;
  return new VzvmError(
    'DIAL_FAILED',
    `no lease of ${guest} is known by its hardware address, but one by a DUID`,
    {
      facts,
      hint: "put `dhcp-identifier: mac` into the image's Netplan file, and empty its /etc/machine-id",
      retry: 'safe',
    },
  );
}
