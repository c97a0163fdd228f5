import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_VM_STATE, type TartCli } from './cli.ts';
import { tartError } from './failure.ts';

const TIMEOUT_MS = 60_000;
const TRIES = 10;
const PAUSE_MS = 500;

/** Deletes and verifies. A VM whose process has just ended may count as running for a moment. */
export async function deleteVm(tart: TartCli, guest: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const result = await tart.run(['delete', guest], { timeoutMs: TIMEOUT_MS });
    if (result.exitCode === EXIT_VM_STATE) return;
    if (result.exitCode === 0 && !(await exists(tart, guest))) return;
    if (attempt === TRIES) {
      throw tartError(
        'RELEASE_FAILED',
        `${guest} could not be deleted`,
        result,
        `run: tart delete ${guest}`,
        'safe',
      );
    }
    await sleep(PAUSE_MS);
  }
}

async function exists(tart: TartCli, guest: string): Promise<boolean> {
  const result = await tart.run(['get', guest, '--format', 'json'], { timeoutMs: TIMEOUT_MS });
  return result.exitCode !== EXIT_VM_STATE;
}
