import { describe, expect, it } from 'vitest';
import { modelPaths, samplePaths, writePath } from '../../src/testing/paths.ts';
import { replay } from '../../src/testing/replay.ts';
import { startTartBench } from '../helpers/tart/index.ts';

/** As far as a VM comes that has no Linux in it. */
const isEarly = (place: string): boolean =>
  /^(cloning|booting|ip-polling|ssh-connect|failed|dispos)/.test(place);

const early = modelPaths({}).filter(({ moves }) => moves.every(({ to }) => isEarly(to)));
const sample = samplePaths(early, { count: 8, seed: 1 });

describe('VMs of the Tart driver live the lives of the model:', () => {
  it.each(sample.map((path) => [writePath(path), path] as const))('%s', async (_, path) => {
    await using bench = await startTartBench();
    const options = { stateDir: bench.stateDir, cacheDir: bench.stateDir, sshPassword: 'admin' };
    await replay(path, { subject: { driver: bench.driver, image: 'base', options } });
    expect(await bench.driver.list()).toEqual([]);
  });
});
