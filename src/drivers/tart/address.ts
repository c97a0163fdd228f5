import { isIPv4 } from 'node:net';
import type { GuestAddress } from '../driver.ts';
import type { TartCli } from './cli.ts';

const TIMEOUT_MS = 30_000;

/** One look by each resolver: undefined is "not yet", whatever the reason. */
export async function findAddress(
  tart: TartCli,
  guest: string,
  resolvers: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<GuestAddress | undefined> {
  for (const resolver of resolvers) {
    const result = await tart.run(['ip', guest, ...resolver], { timeoutMs: TIMEOUT_MS, signal });
    const host = result.stdout.trim();
    // Tart may answer nothing with exit 0; whatever is no address is "not yet".
    if (result.exitCode === 0 && isIPv4(host)) return { host };
  }
  return undefined;
}
