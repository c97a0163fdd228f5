import { renewIdentityCommand } from './renew-identity.ts';

/** How a harness is parked. */
export interface ParkedConfigOptions {
  readonly host: string;
  readonly port: number;
  /** Whoever has it may claim the harness, once. */
  readonly secret: string;
  /** With it, a claim renews the machine's identity, and this user lets in the claim's key alone. */
  readonly renewFor?: { readonly user: string } | undefined;
}

/**
 * The configuration of a harness that waits to be claimed: one line for the standard input of `spawnCommand`'s command. Secret.
 */
export function parkedConfig({ host, port, secret, renewFor }: ParkedConfigOptions): string {
  const renew = renewFor && { command: renewIdentityCommand(renewFor) };
  return JSON.stringify({ host, port, parked: { secret, renew } });
}
