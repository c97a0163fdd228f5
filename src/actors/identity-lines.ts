import type { GuestIdentity } from './new-identity.ts';

/** An identity as the program that renews reads it: a name and a value in hexadecimal digits a line, then `end`. Secret. */
export function identityLines({ hostKey, seed, mac, ...identity }: GuestIdentity): string {
  const fields: Readonly<Record<string, string | Buffer>> = {
    'machine-id': identity.machineId,
    hostname: identity.hostname,
    'host-key': hostKey.privateKey,
    'host-key-public': hostKey.publicKey,
    'authorized-key': identity.authorizedKey,
    seed: Buffer.from(seed, 'base64'),
    time: String(identity.time),
    mac,
  };
  const lines = Object.entries(fields).map(
    ([name, value]) => `${name} ${Buffer.from(value as string).toString('hex')}\n`,
  );
  return `${lines.join('')}end\n`;
}
