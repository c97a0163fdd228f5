import { describe, expect, it } from 'vitest';
import { fullWorld, World } from './world.ts';

describe('a parked VM', () => {
  it('that idles for too long is released and replaced, and the youngest stays until then', () => {
    const world = fullWorld({ size: 2, maxIdleMs: 1000, memoryBudgetMiB: 2048 });
    expect(world.pass(999)).toEqual([]);
    expect(world.pass(1)).toEqual(['release vm-1']);
    expect(world.context.parked).toEqual(['vm-2']);
    expect(world.ended('vm-1')).toEqual(['boot vm-3']);
    expect(world.parked('vm-3')).toEqual(['release vm-2']);
    expect(world.ended('vm-2')).toEqual(['boot vm-4']);
    expect(world.parked('vm-4')).toEqual([]);
    expect(world.tags).toEqual(['full']);
  });

  it('is replaced beside its successor where the memory allows, so that there is always one', () => {
    const world = fullWorld({ size: 1, maxIdleMs: 1000 });
    expect(world.pass(1000)).toEqual(['boot vm-2']);
    expect(world.context.parked).toEqual(['vm-1']);
    expect(world.parked('vm-2')).toEqual(['release vm-1']);
    expect(world.context.parked).toEqual(['vm-2']);
  });

  it('stays when there is memory for it alone', () => {
    const world = fullWorld({ size: 1, maxIdleMs: 1000, memoryBudgetMiB: 1024 });
    expect(world.pass(10_000)).toEqual([]);
    expect(world.tags).toEqual(['full']);
    expect(world.claim('c1')).toEqual(['claimed c1 vm-1', 'boot vm-2']);
  });

  it('that is overdue serves a claim that comes before its successor', () => {
    const world = fullWorld({ size: 1, maxIdleMs: 1000 });
    world.pass(1000);
    expect(world.claim('c1')).toEqual(['claimed c1 vm-1']);
    expect(world.parked('vm-2')).toEqual([]);
    expect(world.tags).toEqual(['full']);
  });

  it('that was released is never handed out, also before it has ended', () => {
    const world = fullWorld({ size: 2, maxIdleMs: 1000 });
    world.pass(1000);
    expect(world.claim('c1')).toContain('claimed c1 vm-2');
    expect(world.claim('c2')[0]).toMatch(/^cold c2 /u);
  });

  it('idles from when it was parked', () => {
    const world = new World({ size: 2, maxIdleMs: 1000 });
    world.parked('vm-1');
    world.pass(600);
    world.parked('vm-2');
    expect(world.pass(400)).toEqual(['release vm-1', 'boot vm-3']);
    expect(world.pass(600)).toEqual(['boot vm-4']);
  });

  it('idles no longer once it is claimed or has ended', () => {
    const world = fullWorld({ size: 2, maxIdleMs: 1000 });
    expect(world.timers).toBe(2);
    world.claim('c1');
    expect(world.timers).toBe(1);
    world.ended('vm-2');
    expect(world.timers).toBe(0);
    expect(world.pass(5000)).toEqual([]);
  });

  it('may idle for ever where there is no limit', () => {
    const world = fullWorld({ size: 2 });
    expect(world.pass(2 ** 31)).toEqual([]);
  });
});
