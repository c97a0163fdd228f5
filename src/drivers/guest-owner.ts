import { isRunning } from '../process/end-process.ts';
import { parseGuestName } from './guest-name.ts';

/** Who made a guest. */
export interface GuestOwner {
  /** Process id; undefined where the name does not tell. */
  readonly pid: number | undefined;
  /** False only when that process is certainly gone: another one may have its number by now. */
  readonly mayRun: boolean;
}

/** Asks the system for the process that a guest's name tells of. */
export async function ownerOf(guest: string): Promise<GuestOwner> {
  const pid = parseGuestName(guest)?.ownerPid;
  return { pid, mayRun: pid === undefined || (await isRunning(pid)) };
}
