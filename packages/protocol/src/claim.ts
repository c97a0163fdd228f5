import * as z from 'zod';

/** One line of an OpenSSH public key: type, key, comment. */
const publicKey = z.string().max(1024);
const anyKeyType = publicKey.regex(/^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}(?: [\x20-\x7e]*)?$/);
const ed25519Key = publicKey.regex(/^ssh-ed25519 [A-Za-z0-9+/]+={0,2}(?: [\x20-\x7e]*)?$/);
const privateKey = z
  .string()
  .max(8192)
  .regex(/^-----BEGIN OPENSSH PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END OPENSSH PRIVATE KEY-----\n?$/);

/**
 * What makes a machine itself, for one that was copied from another with its memory. Secret: it holds a host key and a
 * seed of random numbers. Every field is checked to the letter, because a program that runs as root writes it down.
 */
export const claimIdentity = z.object({
  /** For /etc/machine-id: 32 hexadecimal digits. */
  machineId: z.string().regex(/^[0-9a-f]{32}$/),
  /** One label, without a domain. */
  hostname: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
  /** The SSH server's only host key, of type ed25519. */
  hostKey: z.object({ privateKey, publicKey: ed25519Key }),
  /** The only public key that may log in from now on. */
  authorizedKey: anyKeyType,
  /** At least 64 random bytes in base64, for the kernel's generator of random numbers. */
  seed: z.base64().min(88).max(4096),
  /** Milliseconds since the epoch, when the claim was sent. */
  time: z.int().positive(),
  /** Address of the default network interface: unicast, six bytes. */
  mac: z
    .string()
    .regex(/^[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$/)
    .optional(),
});
/** What makes a machine itself, for one that was copied from another with its memory. Secret. */
export type ClaimIdentity = z.infer<typeof claimIdentity>;

/** Body of `POST /v1/claim`: what a parked harness becomes. Secret. */
export const claimBody = z.object({
  /** Demanded from every request from now on. */
  token: z.string().min(16),
  /** The environment that a harness otherwise gets with its configuration. */
  env: z.record(z.string().min(1), z.string()),
  /** For the harness's log: who claimed it, or what for. */
  label: z.string().max(200).optional(),
  /** Demanded by a harness that renews its machine's identity, refused by every other one. */
  identity: claimIdentity.optional(),
});
/** Body of `POST /v1/claim`: what a parked harness becomes. Secret. */
export type ClaimBody = z.infer<typeof claimBody>;

/**
 * Body of `POST /v1/renew`: gives the machine of a parked harness its identity before anybody claims it. The harness
 * stays parked, for whoever has the new secret. Secret.
 */
export const renewBody = z.object({
  secret: z.string().min(16),
  identity: claimIdentity,
});
/** Body of `POST /v1/renew`. Secret. */
export type RenewBody = z.infer<typeof renewBody>;
