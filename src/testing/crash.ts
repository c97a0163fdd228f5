import { setTimeout as sleep } from 'node:timers/promises';
import { PassThrough } from 'node:stream';
import { VzvmError } from '../errors.ts';
import type { Lane } from './lane.ts';
import type { Stage } from './stage.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

const LOOK_MS = 100;
/** The brackets keep the shell that runs this from being meant, too. */
const KILL_HARNESS = ['pkill', '-KILL', '-f', 'harness[.]mjs --config-stdin'];

/**
 * Kills a VM where its process is one of this host, as what has a recipe promises; else its driver ends it at once. Its
 * end is told first, and then that its connections are lost: the other order is a life of its own.
 */
export async function killVm(world: World): Promise<void> {
  const { stage, lane, place } = world;
  lane.shutValve();
  if (!lane.process || stage.driver.recipe === undefined) await stage.driver.stop(lane.name, 0);
  else process.kill(lane.process.pid, 'SIGKILL');
  await until(() => world.place !== place, stage.patienceMs);
  lane.cut();
}

/** Kills the harness in a guest of its own, over a connection that no other has to do with. */
export async function killHarness({ substrate, patienceMs }: Stage, { name }: Lane): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  const streams = { stdin: new PassThrough().end(), stdout: new PassThrough(), stderr: new PassThrough() };
  for (;;) {
    try {
      const status = await (await substrate.reach(name)).run(KILL_HARNESS, streams, signal);
      if (status === 0) return;
      throw new Error(`the harness of ${name} could not be killed (exit code ${status})`);
    } catch (error) {
      // How it is logged in to is written down a moment after it serves.
      if (!(error instanceof VzvmError) || error.retry !== 'safe') throw error;
      await sleep(LOOK_MS, undefined, { signal });
    }
  }
}
