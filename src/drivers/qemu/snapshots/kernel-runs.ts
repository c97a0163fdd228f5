import { QmpSession } from '../qmp-session.ts';
import type { Saving } from './saving.ts';

const TIMEOUT_MS = 10_000;
/** Long mode is active: the firmware of a PC never enters it, and its loader has read kernel and initrd whole before a kernel does. */
const LONG_MODE_ACTIVE = 1n << 10n;

/** Whether a guest has its kernel in memory. Until then its firmware reads it from what QEMU was started with. */
export async function kernelRuns({ settings, signal }: Saving): Promise<boolean> {
  const session = await QmpSession.open(settings.qmp, { timeoutMs: TIMEOUT_MS, signal });
  try {
    const registers = await session.execute('human-monitor-command', { 'command-line': 'info registers' });
    return isInLongMode(String(registers));
  } finally {
    session.close();
  }
}

/** Reads the answer of QEMU's `info registers` of an x86 processor. */
export function isInLongMode(registers: string): boolean {
  const efer = /\bEFER=([0-9a-f]+)/.exec(registers)?.[1];
  return efer !== undefined && (BigInt(`0x${efer}`) & LONG_MODE_ACTIVE) !== 0n;
}
