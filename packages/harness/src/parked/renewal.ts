import type { ClaimIdentity } from '@computeragent/protocol';
import { RenewalHelper } from './helper.ts';

/** Gives the machine an identity, once. */
export interface Renewal {
  /** Rejects when any part of it failed. */
  renew(identity: ClaimIdentity): Promise<void>;
}

/** Starts the program that renews. `onLost` is called when it ends before there was anything to do. */
export async function startRenewal(
  command: readonly string[],
  onLost: (reason: string) => void,
): Promise<Renewal> {
  const helper = await RenewalHelper.start(command);
  let needed = true;
  void helper.ended.then((reason) => {
    if (needed) onLost(reason);
  });
  return {
    renew: async (identity) => {
      needed = false;
      await helper.renew(fieldsOf(identity));
    },
  };
}

function fieldsOf({ hostKey, seed, mac, ...identity }: ClaimIdentity): Record<string, string | Buffer> {
  return {
    'machine-id': identity.machineId,
    hostname: identity.hostname,
    'host-key': hostKey.privateKey,
    'host-key-public': hostKey.publicKey,
    'authorized-key': identity.authorizedKey,
    seed: Buffer.from(seed, 'base64'),
    time: String(identity.time),
    ...(mac === undefined ? {} : { mac }),
  };
}

/** What of an identity no log may show, in the forms in which a program could repeat it. */
export function secretsOfIdentity({ hostKey, seed }: ClaimIdentity): string[] {
  const hex = (value: string, encoding: BufferEncoding): string =>
    Buffer.from(value, encoding).toString('hex');
  const lines = hostKey.privateKey.split('\n').filter((line) => !line.startsWith('-----'));
  return [...lines, seed, hex(hostKey.privateKey, 'utf8'), hex(seed, 'base64')];
}
