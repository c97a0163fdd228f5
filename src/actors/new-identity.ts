import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { generateKeyPair } from '../ssh/index.ts';

/** More than the 32 bytes that the kernel's generator keeps of it. */
const SEED_BYTES = 64;
const LONGEST_HOSTNAME = 63;

/**
 * What makes a guest itself, for one that was copied from another with its memory; the protocol's `ClaimIdentity`, which
 * a test compares it with. Secret.
 */
export interface GuestIdentity {
  readonly machineId: string;
  readonly hostname: string;
  readonly hostKey: { readonly privateKey: string; readonly publicKey: string };
  readonly authorizedKey: string;
  readonly seed: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly mac: string;
}

/** An identity with what the host needs to log in to whoever has it. */
export interface NewIdentity {
  readonly identity: GuestIdentity;
  /** The only keys that the guest lets in. */
  readonly keys: { readonly publicKey: string; readonly privateKey: string };
  /** Fingerprint of the only host key that it shows, as connections pin it. */
  readonly hostKey: string;
}

/** Makes the identity of a guest of this name. */
export function newIdentity(name: string): NewIdentity {
  const keys = generateKeyPair(name);
  const hostKey = generateKeyPair(name);
  return {
    identity: {
      // machine-id(5) wants a random UUID without its dashes.
      machineId: randomUUID().replaceAll('-', ''),
      hostname: hostnameFor(name),
      hostKey,
      authorizedKey: keys.publicKey,
      seed: randomBytes(SEED_BYTES).toString('base64'),
      time: Date.now(),
      mac: newMac(),
    },
    keys,
    hostKey: fingerprint(hostKey.publicKey),
  };
}

/** Administered locally, of one interface alone, and not of those that QEMU gives by itself. */
function newMac(): string {
  const [first = 0, ...rest] = randomBytes(6);
  const octets = [(first & 0xf0) | 0x02, ...rest];
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}

function hostnameFor(name: string): string {
  const label = name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return label.replace(/^-+/, '').slice(0, LONGEST_HOSTNAME).replace(/-+$/, '') || 'vm';
}

function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
