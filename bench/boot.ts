import { VZVMSubstrate, type TimelineEntry } from '@computeragent/runtime-vzvm';
import { STEPS } from '../src/machines/vm/index.ts';
import { BASE_IMAGE, type Place } from './place.ts';

/** One `bootHarness()`. */
export interface BootSample {
  /** From the call to its answer. */
  readonly totalMs: number;
  /** The states that it went through, `healthy` being the moment it was reached. */
  readonly states: readonly StateTime[];
}

export interface StateTime {
  readonly state: string;
  readonly ms: number;
  readonly skipped: boolean;
}

/** States that `bootHarness()` waits for. */
const WAITED_FOR: ReadonlySet<string> = new Set(STEPS);

/** Boots as a program does that has just started, and removes the VM again. */
export async function bootOnce(
  place: Place,
  options: { readonly prepare: 'auto' | 'never'; readonly signal: AbortSignal },
): Promise<BootSample> {
  const { stateDir, cacheDir } = place;
  await using substrate = new VZVMSubstrate({
    driver: 'qemu',
    baseImage: BASE_IMAGE,
    fork: 'never',
    stateDir,
    cacheDir,
    ...options,
  });
  const started = performance.now();
  const { vm } = await substrate.bootHarness({ envs: {} });
  const totalMs = performance.now() - started;
  return { totalMs, states: statesOf(vm.timeline) };
}

function statesOf(timeline: readonly TimelineEntry[]): StateTime[] {
  return timeline
    .filter(({ state }) => WAITED_FOR.has(state))
    .map(({ state, ms = 0, skipped }) => ({ state, ms, skipped }));
}

/** @throws Error when a boot did not skip what an image that is prepared has. */
export function demandPrepared({ states }: BootSample): void {
  const skipped = states.filter((each) => each.skipped).map(({ state }) => state);
  const wanted = ['upload', 'node-install', 'npm-install'];
  if (wanted.every((state) => skipped.includes(state))) return;
  throw new Error(
    `the boot did not start from the prepared image: it skipped ${skipped.join(', ') || 'nothing'}`,
  );
}
