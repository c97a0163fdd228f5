import { totalmem } from 'node:os';
import { VzvmError } from '../errors.ts';
import { availableMiB } from './host-memory.ts';

const MIB = 1024 ** 2;
/** Of the host's memory, for its own sake. */
const RESERVED_SHARE = 0.1;
const MOST_RESERVED_MIB = 2048;

/** Memory that this host can spare now for VMs that nobody has asked for, in MiB. */
export type SpareMemory = () => Promise<number>;

/** What is available, also to our container, less a reserve. Only Linux tells what is available: elsewhere it is the half of all. */
export const spareMemoryMiB: SpareMemory = async () => {
  const totalMiB = totalmem() / MIB;
  const isTold = process.platform === 'linux';
  const available = isTold
    ? Math.min(await availableMiB(), process.availableMemory() / MIB)
    : Math.max(await availableMiB(), totalMiB / 2);
  return Math.floor(available - Math.min(totalMiB * RESERVED_SHARE, MOST_RESERVED_MIB));
};

/** @throws VzvmError LIMIT_REACHED with both numbers, where a VM that nobody has asked for must not be started now. */
export async function demandSpareMiB(neededMiB: number, spareMiB: SpareMemory): Promise<void> {
  const spare = await spareMiB();
  if (spare >= neededMiB) return;
  throw new VzvmError(
    'LIMIT_REACHED',
    `the host can spare ${spare} MiB of memory, and ${neededMiB} MiB are needed`,
    {
      facts: { spareMiB: spare, neededMiB },
      hint: 'end what uses the memory (look with: free -m), or ask for smaller VMs with memoryMiB',
      retry: 'safe',
    },
  );
}
