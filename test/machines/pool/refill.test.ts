import { describe, expect, it } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { poolMachine } from '../../../src/machines/pool/index.ts';
import { lintMachine } from '../../helpers/lint-machine.ts';
import { fullWorld, World } from './world.ts';

describe('the chart of a pool', () => {
  it('has no mistake that the compiler overlooks', () => {
    expect(lintMachine(poolMachine as unknown as AnyStateMachine)).toEqual([]);
  });

  it('bounds its own loops', () => {
    expect(poolMachine.config.options?.maxIterations).toBe(100);
  });
});

describe('a pool that fills', () => {
  it('boots as many as may boot at the same time, and the next when one is parked', () => {
    const world = new World({ size: 3, maxSimultaneousBoots: 2 });
    expect(world.told).toEqual(['boot vm-1', 'boot vm-2']);
    expect(world.tags).toEqual(['filling']);
    expect(world.parked('vm-2')).toEqual(['boot vm-3']);
    expect(world.parked('vm-1')).toEqual([]);
    expect(world.tags).toEqual(['filling']);
    expect(world.parked('vm-3')).toEqual([]);
    expect(world.tags).toEqual(['full']);
  });

  it('keeps no more parked than the memory allows', () => {
    const world = fullWorld({ size: 9, memoryBudgetMiB: 3000, vmMemoryMiB: 1024 });
    expect(world.context.parked).toEqual(['vm-1', 'vm-2']);
    expect(world.tags).toEqual(['full']);
  });

  it('counts the memory of a VM until it has ended', () => {
    const world = new World({ size: 1, memoryBudgetMiB: 1024, backOffMs: 500 });
    world.failed('vm-1');
    expect(world.pass(500)).toEqual([]);
    expect(world.ended('vm-1')).toEqual(['boot vm-2']);
  });

  it('boots nothing with a size of 0, or with memory for none', () => {
    for (const none of [{ size: 0 }, { memoryBudgetMiB: 1023 }]) {
      const world = new World(none);
      expect(world.told).toEqual([]);
      expect(world.tags).toEqual(['full']);
      expect(world.claim('c1')).toEqual(['cold c1 vm-1']);
    }
  });

  it('begins hundreds of boots at once without reaching the bound of its loops', () => {
    const world = new World({ size: 500, maxSimultaneousBoots: Infinity });
    expect(world.told).toHaveLength(500);
    expect(world.errors).toEqual([]);
  });

  it('replaces what was claimed and what died', () => {
    const world = fullWorld({ size: 2 });
    expect(world.claim('c1')).toEqual(['claimed c1 vm-1', 'boot vm-3']);
    expect(world.tags).toEqual(['filling']);
    expect(world.ended('vm-2')).toEqual(['boot vm-4']);
  });

  it('leaves places to claims: what is parked and booting counts as running', () => {
    const world = fullWorld({ size: 2, maxConcurrent: 3 });
    expect(world.claim('c1')).toEqual(['claimed c1 vm-1', 'boot vm-3']);
    expect(world.claim('c2')).toEqual(['claimed c2 vm-2']);
    expect(world.ended('vm-1')).toEqual(['boot vm-4']);
  });

  it('takes numbers without end as no limit, and keeps plain JSON', () => {
    const world = new World({
      size: 2,
      memoryBudgetMiB: Infinity,
      maxIdleMs: Infinity,
      maxConcurrent: Infinity,
      maxSimultaneousBoots: Infinity,
      maxBackOffMs: Infinity,
    });
    expect(world.told).toEqual(['boot vm-1', 'boot vm-2']);
    expect(JSON.parse(JSON.stringify(world.context))).toEqual(world.context);
  });

  it('takes NaN as not given', () => {
    const world = new World({ maxConcurrent: NaN, maxSimultaneousBoots: NaN, backOffMs: NaN });
    expect(world.told).toEqual(['boot vm-1', 'boot vm-2']);
    expect(world.failed('vm-1')).toEqual(['cooling 500 after 1']);
  });
});

describe('a pool whose boots fail', () => {
  it('pauses, then lets one boot tell whether they succeed again', () => {
    const world = new World({ size: 3, maxSimultaneousBoots: 2 });
    void world.told;
    expect(world.failed('vm-1')).toEqual(['cooling 500 after 1']);
    world.ended('vm-1');
    world.failed('vm-2');
    world.ended('vm-2');
    expect(world.tags).toEqual(['cooling']);
    expect(world.pass(499)).toEqual([]);
    expect(world.pass(1)).toEqual(['boot vm-3']);
    expect(world.tags).toEqual(['cooling']);
    expect(world.parked('vm-3')).toEqual(['boot vm-4', 'boot vm-5']);
    expect(world.tags).toEqual(['filling']);
  });

  it('pauses twice as long each time, up to a minute, and from the start after a success', () => {
    const world = new World({ size: 1 });
    const pauses: string[] = [];
    for (let number = 1; number <= 9; number += 1) {
      pauses.push(...world.failed(`vm-${number}`).filter((words) => words.startsWith('cooling')));
      world.ended(`vm-${number}`);
      world.pass(60_000);
    }
    const expected = [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
    expect(pauses).toEqual(expected.map((ms, index) => `cooling ${ms} after ${index + 1}`));
    world.parked('vm-10');
    world.ended('vm-10');
    expect(world.failed('vm-11')).toContain('cooling 500 after 1');
  });

  it('takes the end of a VM that was never parked for a failure, and says so', () => {
    const world = new World({ size: 1 });
    world.ended('vm-1');
    expect(world.events.at(-1)).toEqual({
      type: 'cooling',
      failures: 1,
      pauseMs: 500,
      error: 'the VM ended before it was parked',
    });
    expect(world.pass(500)).toEqual(['boot vm-2']);
  });

  it('says why', () => {
    const world = new World({ size: 1 });
    world.failed('vm-1', 'no space left on device');
    expect(world.events.at(-1)).toMatchObject({ type: 'cooling', error: 'no space left on device' });
  });

  it('still boots for claims, and still hands out what is parked', () => {
    const world = fullWorld({ size: 2 });
    world.claim('c1');
    world.failed('vm-3');
    expect(world.tags).toEqual(['cooling']);
    expect(world.claim('c2')).toEqual(['claimed c2 vm-2']);
    expect(world.claim('c3')).toEqual(['cold c3 vm-4']);
    expect(world.tags).toEqual(['cooling']);
  });

  it('needs no probe when a boot that was under way has succeeded meanwhile', () => {
    const world = new World({ size: 3, maxSimultaneousBoots: 2 });
    world.failed('vm-1');
    world.ended('vm-1');
    expect(world.parked('vm-2')).toEqual([]);
    expect(world.pass(500)).toEqual(['boot vm-3', 'boot vm-4']);
    expect(world.tags).toEqual(['filling']);
  });

  it('sees it in a boot that went straight to a claim that waits, too', () => {
    const world = new World({ size: 3, maxConcurrent: 3 });
    world.failed('vm-1');
    world.ended('vm-1');
    world.failed('vm-2');
    world.ended('vm-2');
    world.claim('c1');
    world.claim('c2');
    expect(world.pass(500)).toContain('boot vm-5');
    world.claim('c3');
    expect(world.parked('vm-5')).toEqual(['claimed c3 vm-5']);
    expect(world.tags).toEqual(['filling']);
  });

  it('does not count the failure of a VM that is a claim’s', () => {
    const world = new World({ size: 1 });
    expect(world.claim('c1')).toContain('cold c1 vm-2');
    expect(world.failed('vm-2')).toEqual([]);
    expect(world.ended('vm-2')).toEqual([]);
    expect(world.tags).toEqual(['filling']);
  });
});
