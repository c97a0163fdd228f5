import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_VM_STATE, type TartCli } from './cli.ts';
import { removeDebris } from './damaged.ts';
import { tartError } from './failure.ts';
import { stopByTart } from './stop.ts';

const TIMEOUT_MS = 60_000;
const TRIES = 10;
/** From this try on it is not the end of its process that is waited for. */
const STOP_AT = 3;
const PAUSE_MS = 500;

/**
 * Deletes and verifies. A VM whose process has just ended may count as running for a moment; one whose process came up
 * after it was stopped is stopped again.
 */
export async function deleteVm(tart: TartCli, guest: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const result = await tart.run(['delete', guest], { timeoutMs: TIMEOUT_MS });
    if (result.exitCode === EXIT_VM_STATE) return removeDebris(tart.home, guest);
    if (result.exitCode === 0 && !(await exists(tart, guest))) return;
    if (attempt === TRIES) {
      throw tartError(
        tart,
        'RELEASE_FAILED',
        `${guest} could not be deleted`,
        result,
        `run: tart delete ${guest}`,
        'safe',
      );
    }
    if (attempt >= STOP_AT) await stopByTart(tart, guest);
    else await sleep(PAUSE_MS);
  }
}

async function exists(tart: TartCli, guest: string): Promise<boolean> {
  const result = await tart.run(['get', guest, '--format', 'json'], { timeoutMs: TIMEOUT_MS });
  return result.exitCode !== EXIT_VM_STATE;
}
