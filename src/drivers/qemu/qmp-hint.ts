import { basename, dirname } from 'node:path';
import { parseGuestName } from '../guest-name.ts';

/** What is known of a command that QEMU did not do. */
export interface QmpFailure {
  readonly socketPath: string;
  /** What the socket said. */
  readonly errno?: string | undefined;
  /** What QEMU said, or what was seen of it. */
  readonly message: string;
}

const GONE = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** What to do about a command that QEMU did not do, by how it refused. */
export function qmpHint({ socketPath, errno, message }: QmpFailure): string {
  const folder = dirname(socketPath);
  const guest = parseGuestName(basename(folder)) ? basename(folder) : undefined;
  const said = guest === undefined ? `ls ${folder}; npx vzvm ls` : `npx vzvm logs ${guest}`;
  if (GONE.has(errno ?? '') || /closed the connection/.test(message))
    return `QEMU does not run any more, see what was said last: ${said}`;
  if (errno === 'EACCES' || errno === 'EPERM') return `see whose QEMU it is: ls -l ${socketPath}`;
  if (/no reply in/.test(message))
    return `the host may be too busy for QEMU to answer (see uptime), or another program holds its one connection: ss -xp | grep ${socketPath}`;
  if (/no space left/i.test(message)) return `make room for the files of the guest: df -h ${folder}`;
  if (/not been found|unknown command|invalid parameter/i.test(message))
    return 'this QEMU does not know it, see its version and how to get a newer one: npx vzvm doctor';
  return `the guest may be about to end, see what was said last: ${said}`;
}
