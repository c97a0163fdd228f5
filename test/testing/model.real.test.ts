import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vmMachine } from '../../src/machines/vm/index.ts';
import { EdgeCoverage } from '../../src/testing/coverage.ts';
import {
  fewPaths,
  type ModelPath,
  pathsOf,
  readPath,
  VARIANTS,
  type VariantName,
  writePath,
} from '../../src/testing/paths.ts';
import { ModelError, replay } from '../../src/testing/replay.ts';
import { rejection } from '../helpers/rejection.ts';
import { commandsFor, endAll, Lives, unborn } from './lives.ts';
import { UNTAKEN } from './untaken.ts';

// VZVM_MODEL=all lives every life of the model; VZVM_PATH="a VM: succeeds > hangs" one alone.
const NAMES = Object.keys(VARIANTS) as VariantName[];
const { VZVM_MODEL, VZVM_PATH, VZVM_SEED = '1', VZVM_RUNS = '25' } = process.env;
const paths = (): readonly ModelPath[] => {
  if (VZVM_PATH !== undefined) return [readPath(VZVM_PATH)];
  return VZVM_MODEL === 'all' ? NAMES.flatMap((of) => pathsOf(of)) : fewPaths();
};

const coverage = new EdgeCoverage();
const RECORD = { record: coverage.record };

describe('a real substrate lives the lives of the model:', () => {
  it.each(paths().map((path) => [writePath(path), path] as const))('%s', async (_, path) => {
    await expect(replay(path, RECORD)).resolves.toBeUndefined();
  });
});

describe.skipIf(VZVM_PATH !== undefined)('two VMs of one substrate, whatever happens to them,', () => {
  const seed = Number(VZVM_SEED);
  it.each(['a VM', 'a VM that is kept on failure', 'a VM whose disk is kept on the way'] as const)(
    `are where the model says: %s (VZVM_SEED=${seed} VZVM_RUNS=${VZVM_RUNS})`,
    async (of) => {
      const property = fc.asyncProperty(commandsFor(2), async (commands) => {
        const model = unborn(of, 2);
        await using lives = await Lives.begin(model, RECORD);
        await fc.asyncModelRun(() => ({ model, real: lives }), commands);
        await endAll(model, lives);
        expect(await lives.stage.driver.list()).toEqual([]);
      });
      await fc.assert(property, { seed, numRuns: Number(VZVM_RUNS), endOnFailure: VZVM_MODEL !== 'all' });
    },
  );
});

describe('a chart with a mistake', () => {
  const chart = vmMachine.provide({ guards: { canRetry: () => false } });
  // What never comes is waited for; the paths that are in order are those that wait for nothing.
  const broken = { chart, patienceMs: 1_000 };

  it('is found by a path, which alone finds it again', async () => {
    const failed: string[] = [];
    for (const path of fewPaths().slice(0, 20)) {
      const error = await replay(path, broken).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error instanceof ModelError) failed.push(error.path);
      if (failed.length > 0) break;
    }
    const again = await rejection(replay(readPath(failed[0] ?? ''), broken));
    expect(again).toBeInstanceOf(ModelError);
    expect((again as ModelError).path).toBe(failed[0]);
    expect((again as ModelError).message).toContain('backing-off');
    await replay(readPath(failed[0] ?? ''));
  });

  it('is found by chance, too, with a seed that finds it again', async () => {
    const find = (seed: number) =>
      fc.check(
        fc.asyncProperty(commandsFor(2), async (commands) => {
          const model = unborn('a VM', 2);
          await using lives = await Lives.begin(model, { ...RECORD, ...broken });
          await fc.asyncModelRun(() => ({ model, real: lives }), commands);
        }),
        { seed, numRuns: 20, endOnFailure: true },
      );
    const first = await find(1);
    expect(first.failed).toBe(true);
    const again = await find(first.seed);
    expect(again.counterexamplePath).toBe(first.counterexamplePath);
    expect(String(again.errorInstance)).toContain('path: a VM: ');
  });
});

describe('an edge of the chart', () => {
  it.skipIf(VZVM_PATH !== undefined)('is taken by these lives, or is one that nothing can take', () => {
    process.stdout.write(`${coverage.summary}\n`);
    for (const edge of coverage.missing) process.stdout.write(`  not taken: ${edge}: ${UNTAKEN[edge]}\n`);
    expect(coverage.missing).toEqual(Object.keys(UNTAKEN));
    for (const edge of Object.keys(UNTAKEN)) expect(EdgeCoverage.all).toContain(edge);
  });
});
