import { setTimeout as sleep } from 'node:timers/promises';
import { VzvmError } from '../../errors.ts';
import type { RunResult } from '../../process/run.ts';
import { EXIT_VM_STATE, type TartCli } from './cli.ts';
import { removeDebris } from './damaged.ts';
import { tartError } from './failure.ts';
import { stopByTart } from './stop.ts';

/** Together so short that a release whose every command hangs once is done by its deadline all the same. */
const TIMEOUTS_MS = { delete: 30_000, get: 15_000 } as const;

type Verb = keyof typeof TIMEOUTS_MS;

const TRIES = 10;
/** From this try on it is not the end of its process that is waited for. */
const STOP_AT = 3;
const PAUSE_MS = 500;

/**
 * Deletes and verifies. A VM whose process has just ended may count as running for a moment; one whose process came up
 * after it was stopped is stopped again.
 */
export async function deleteVm(tart: TartCli, guest: string): Promise<void> {
  const ask = patiently(tart);
  for (let attempt = 1; ; attempt++) {
    const result = await ask('delete', guest);
    if (result?.exitCode === EXIT_VM_STATE) return removeDebris(tart.home, guest);
    if (result?.exitCode === 0) {
      const look = await ask('get', guest, '--format', 'json');
      if (look?.exitCode === EXIT_VM_STATE) return;
    }
    if (result && attempt >= TRIES) {
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

/** Asks tart; answers undefined the first time that a verb hangs, which it need not do again. */
function patiently(
  tart: TartCli,
): (verb: Verb, ...args: readonly string[]) => Promise<RunResult | undefined> {
  const hung = new Set<Verb>();
  return async (verb, ...args) => {
    try {
      return await tart.run([verb, ...args], { timeoutMs: TIMEOUTS_MS[verb] });
    } catch (error) {
      const hangs = error instanceof VzvmError && error.code === 'COMMAND_TIMEOUT';
      if (!hangs || hung.has(verb)) throw error;
      hung.add(verb);
      return undefined;
    }
  };
}
