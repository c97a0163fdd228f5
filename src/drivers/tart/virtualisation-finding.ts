import { run } from '../../process/run.ts';
import type { Finding } from '../driver.ts';

const TIMEOUT_MS = 5_000;

/** Whether the processor runs guests: a Mac that is itself a virtual machine, or a virtual machine on an M1 or M2, does not. */
export async function virtualisationFinding(
  { sysctlBin }: { readonly sysctlBin: string },
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const subject = 'virtualisation';
  const asked = await run(sysctlBin, ['-n', 'kern.hv_support'], { timeoutMs: TIMEOUT_MS, signal });
  if (asked.stdout.trim() === '1') return [{ level: 'ok', subject, message: 'the processor runs guests' }];
  const message = 'macOS says that its processor runs no guests: no VM will start';
  return [{ level: 'error', subject, message, fix: 'use a Mac that is no virtual machine itself' }];
}
