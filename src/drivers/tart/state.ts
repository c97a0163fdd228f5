import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { tail, VzvmError } from '../../errors.ts';
import type { TartCli } from './cli.ts';
import { tartError } from './failure.ts';

const LOOK_TIMEOUT_MS = 30_000;
/** Tart's list fails as a whole when somebody deletes a VM meanwhile. */
const TRIES = 4;
const PAUSE_MS = 200;

// Fields come and go between versions: only these are relied on, and `Running` where there is no `State`.
const vm = z.looseObject({ State: z.string().optional(), Running: z.boolean().optional() });
const listed = z.array(vm.extend({ Name: z.string() }));

/** A VM as tart lists it. */
export interface ListedVm {
  readonly name: string;
  readonly running: boolean;
}

/**
 * All local VMs, ours or not.
 * @throws VzvmError COMMAND_FAILED.
 */
export async function listVms(tart: TartCli): Promise<readonly ListedVm[]> {
  for (let attempt = 1; ; attempt++) {
    const args = ['list', '--source', 'local', '--format', 'json'];
    const result = await tart.run(args, { timeoutMs: LOOK_TIMEOUT_MS });
    if (result.exitCode === 0) {
      const all = read(listed, 'tart list', result.stdout);
      return all.map((each) => ({ name: each.Name, running: isRunning(each) }));
    }
    if (attempt === TRIES)
      throw tartError(tart, 'COMMAND_FAILED', 'listing VMs', result, 'see for yourself: tart list', 'safe');
    await sleep(PAUSE_MS);
  }
}

/** Whether a VM runs; false when there is none. */
export async function runs(tart: TartCli, guest: string, signal?: AbortSignal): Promise<boolean> {
  const result = await tart.run(['get', guest, '--format', 'json'], { timeoutMs: LOOK_TIMEOUT_MS, signal });
  return result.exitCode === 0 && isRunning(read(vm, 'tart get', result.stdout));
}

function isRunning(each: z.infer<typeof vm>): boolean {
  return each.State === undefined ? each.Running === true : each.State === 'running';
}

function read<T>(schema: z.ZodType<T>, command: string, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new VzvmError('COMMAND_FAILED', `${command} says what cannot be read`, {
      hint: `see for yourself: ${command} --format json; a newer vzvm may know this tart: tart --version`,
      stderrTail: tail(text),
      retry: 'safe',
      cause,
    });
  }
}
