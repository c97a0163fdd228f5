import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PoolInput } from '../../../src/machines/pool/index.ts';
import { Model } from './model.ts';
import { World } from './world.ts';

// Plays anything that can happen to the chart and to a model of plain arrays: both must tell the same, in that order.

/** Every pause and idle time is a multiple of this, so that timers fire when they are due and not later. */
const TICK_MS = 250;

const inputs: fc.Arbitrary<PoolInput> = fc.record({
  size: fc.integer({ min: 0, max: 3 }),
  vmMemoryMiB: fc.constant(1000),
  memoryBudgetMiB: fc.constantFrom(0, 1999, 3000, 4000, Infinity),
  maxIdleMs: fc.constantFrom(1000, 2500, Infinity),
  maxConcurrent: fc.constantFrom(1, 2, 3, 5, Infinity),
  maxSimultaneousBoots: fc.integer({ min: 1, max: 3 }),
  backOffMs: fc.constantFrom(250, 500),
  maxBackOffMs: fc.constant(2000),
});

type Happening = readonly [
  what: 'claim' | 'cancel' | 'parked' | 'failed' | 'ended' | 'pass' | 'drain',
  n: number,
];
const often = fc.constantFrom('claim', 'parked', 'ended', 'pass') as fc.Arbitrary<Happening[0]>;
const seldom = fc.constantFrom('cancel', 'failed') as fc.Arbitrary<Happening[0]>;
const what = fc.oneof(
  { arbitrary: often, weight: 12 },
  { arbitrary: seldom, weight: 5 },
  { arbitrary: fc.constant('drain' as const), weight: 1 },
);
const happenings: fc.Arbitrary<Happening[]> = fc.array(fc.tuple(what, fc.nat(9)), {
  minLength: 5,
  maxLength: 40,
  size: 'max',
});

/** The n-th VM of the model; past the last one a VM that is not there, which a late answer may name as well. */
const vmOf = ({ vms }: Model, n: number): string => vms[n % (vms.length + 1)]?.id ?? 'vm-0';

function happen(world: World, model: Model, [name, n]: Happening): void {
  const id = name === 'claim' || name === 'cancel' ? `c${n}` : vmOf(model, n);
  switch (name) {
    case 'pass':
      for (let tick = 0; tick <= n; tick += 1) {
        world.clock.increment(TICK_MS);
        model.pass(TICK_MS);
      }
      return;
    case 'drain':
      tell(world, { type: 'DRAIN' });
      return model.drain();
    case 'claim':
    case 'cancel':
      tell(world, { type: name === 'claim' ? 'CLAIM' : 'CANCEL', claimId: id });
      return model[name](id);
    case 'parked':
      tell(world, { type: 'VM.PARKED', vmId: id });
      return model.parked(id);
    case 'failed':
      tell(world, { type: 'VM.FAILED', vmId: id, error: 'no' });
      return model.failed(id);
    case 'ended':
      tell(world, { type: 'VM.ENDED', vmId: id });
      return model.ended(id);
  }
}

function compare(world: World, model: Model): void {
  expect(world.told).toEqual(model.told());
  expect(world.tags.join()).toBe(model.mode === 'drained' ? '' : model.tag);
}

describe('whatever happens, in whatever order, to whatever pool,', () => {
  it('the chart tells what the model tells, and in the end has drained', () => {
    fc.assert(
      fc.property(inputs, happenings, (input, sequence) => {
        const world = new World(input);
        const model = new Model(world.context.limits);
        compare(world, model);
        for (const happening of sequence) {
          happen(world, model, happening);
          compare(world, model);
          expect(model.vms.length).toBeLessThanOrEqual(world.context.limits.maxConcurrent);
        }
        happen(world, model, ['drain', 0]);
        while (model.vms.length > 0) happen(world, model, ['ended', 0]);
        compare(world, model);
        expect(world.isDone).toBe(true);
        expect(world.errors).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Nothing is told to a pool that has ended: xstate would say so on the console each time. */
function tell({ actor }: World, event: Parameters<World['actor']['send']>[0]): void {
  if (actor.getSnapshot().status === 'active') actor.send(event);
}
