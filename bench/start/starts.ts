import type { VZVMSubstrate, VZVMSubstrateOptions } from '@computeragent/runtime-vzvm';
import type { Place } from '../place.ts';
import { firstCommand } from './first-command.ts';
import { substrateIn } from './place.ts';

/** One start, from the call of `bootHarness()`, in milliseconds. */
export interface StartSample {
  /** Until it has answered: the harness serves. */
  readonly readyMs: number;
  /** Until the first command was answered. */
  readonly commandMs: number;
}

/** A VM as a program gets one that has just been started. */
export async function startOne(
  place: Place,
  options: VZVMSubstrateOptions,
  demand: (states: ReadonlySet<string>) => void,
): Promise<StartSample> {
  await using substrate = substrateIn(place, options);
  const { sample, skipped } = await timed(substrate);
  demand(skipped);
  return sample;
}

/** A VM that waits already. */
export async function claimOne(place: Place, signal: AbortSignal): Promise<StartSample> {
  await using substrate = substrateIn(place, { warm: { size: 1 }, signal });
  await substrate.warmUp();
  const [parked] = await substrate.list();
  const { sample, name } = await timed(substrate);
  if (name !== parked?.name) throw new Error('the VM that waited was not the one that was given');
  return sample;
}

/** Many VMs at once, of one substrate. */
export async function startMany(
  place: Place,
  count: number,
  options: VZVMSubstrateOptions,
): Promise<readonly StartSample[]> {
  await using substrate = substrateIn(place, options);
  if (options.warm) await substrate.warmUp();
  const started = await Promise.all(Array.from({ length: count }, () => timed(substrate)));
  return started.map(({ sample }) => sample);
}

/** @throws Error unless it was forked from a template. */
export function demandFork(skipped: ReadonlySet<string>): void {
  if (!skipped.has('cloning')) throw new Error('the VM was not forked');
}

/** @throws Error unless it was booted from a prepared image. */
export function demandPrepared(skipped: ReadonlySet<string>): void {
  if (skipped.has('cloning') || !skipped.has('npm-install'))
    throw new Error('the VM was not booted from the prepared image');
}

async function timed(substrate: VZVMSubstrate) {
  const begun = performance.now();
  const { baseUrl, vm } = await substrate.bootHarness({ envs: {} });
  const readyMs = performance.now() - begun;
  await firstCommand(baseUrl);
  const sample = { readyMs, commandMs: performance.now() - begun };
  const skipped = new Set(vm.timeline.filter((each) => each.skipped).map(({ state }) => state));
  return { sample, skipped, name: vm.name };
}
