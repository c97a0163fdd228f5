import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { VzvmError } from '../../errors.ts';
import { openStream } from '../../process/open-stream.ts';
import type { TartCli } from './cli.ts';

/** Where there is no agent Tart looks for it for half a minute: nobody waits for that. */
const LOOK_TIMEOUT_MS = 4_000;
const DIAL_TIMEOUT_MS = 10_000;

/** Says that it is through before the first byte, and ends with either side. */
const RELAY = 'exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 1; echo; { cat <&3; kill $$; } & exec cat >&3';

/**
 * The fingerprints of a guest's SSH host keys, as its agent reads them: by the VM's own channel, so that no address can lead
 * to another guest. Empty where no agent answers.
 */
export async function readHostKeys(
  tart: TartCli,
  guest: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const command = ['exec', guest, '/bin/sh', '-c', 'cat /etc/ssh/ssh_host_*_key.pub'];
  try {
    const { exitCode, stdout } = await tart.run(command, { timeoutMs: LOOK_TIMEOUT_MS, signal });
    return exitCode === 0 ? stdout.split('\n').flatMap(fingerprintOf) : [];
  } catch (error) {
    if (error instanceof VzvmError && error.code === 'COMMAND_TIMEOUT') return [];
    throw error;
  }
}

/** As ssh-keygen -l prints it. */
function fingerprintOf(line: string): string[] {
  const key = /^(?:ssh|ecdsa)-\S+ (\S+)/.exec(line)?.[1];
  if (key === undefined) return [];
  return [
    `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`,
  ];
}

/**
 * A byte stream to a port of the guest's loopback, through its agent: it needs no address, and no permission of macOS.
 * @throws VzvmError DIAL_FAILED where no agent answers, or nothing at the port; ABORTED.
 */
export function dialByAgent(
  tart: TartCli,
  guest: string,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const command = ['exec', '-i', guest, '/bin/bash', '-c', RELAY, String(port)];
  return openStream(tart.bin, command, { env: tart.envOf('exec'), timeoutMs: DIAL_TIMEOUT_MS, signal });
}
