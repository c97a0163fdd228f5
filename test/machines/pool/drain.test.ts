import { describe, expect, it } from 'vitest';
import { fullWorld, World } from './world.ts';

describe('a pool that drains', () => {
  it('rejects who waits, aborts what boots, releases what is parked, and ends with the last VM', () => {
    const world = new World({ size: 2, maxConcurrent: 3 });
    world.parked('vm-1');
    world.claim('c1');
    world.parked('vm-2');
    world.claim('c2');
    world.claim('c3');
    // vm-1 and vm-2 are claimed; vm-3 boots and takes the last place.
    expect(world.context).toMatchObject({ booting: ['vm-3'], queue: ['c3'] });
    expect(world.drain()).toEqual(['rejected c3: draining', 'abort vm-3']);
    expect(world.tags).toEqual(['draining']);
    expect(world.ended('vm-3')).toEqual([]);
    expect(world.ended('vm-1')).toEqual([]);
    expect(world.isDone).toBe(false);
    expect(world.ended('vm-2')).toEqual(['drained']);
    expect(world.isDone).toBe(true);
    expect(world.errors).toEqual([]);
  });

  it('ends at once when it has no VM', () => {
    const world = new World({ size: 0 });
    expect(world.drain()).toEqual(['drained']);
    expect(world.isDone).toBe(true);
  });

  it('refills nothing', () => {
    const world = fullWorld({ size: 2 });
    expect(world.drain()).toEqual(['release vm-1', 'release vm-2']);
    expect(world.ended('vm-1')).toEqual([]);
    expect(world.pass(100_000)).toEqual([]);
  });

  it('rejects claims that come late', () => {
    const world = fullWorld({ size: 1 });
    world.drain();
    expect(world.claim('c1')).toEqual(['rejected c1: draining']);
  });

  it('releases a VM that was parked before its owner heard that the boot is off', () => {
    const world = new World({ size: 1 });
    world.drain();
    expect(world.parked('vm-1')).toEqual(['release vm-1']);
    expect(world.failed('vm-1')).toEqual([]);
    expect(world.ended('vm-1')).toEqual(['drained']);
  });

  it('also while it cools down, and while VMs idle', () => {
    const world = fullWorld({ size: 2, maxIdleMs: 1000 });
    world.ended('vm-1');
    world.failed('vm-3');
    expect(world.timers).toBe(2);
    world.drain();
    expect(world.timers).toBe(0);
    world.ended('vm-2');
    expect(world.ended('vm-3')).toEqual(['drained']);
  });

  it('does not begin again when it is told twice', () => {
    const world = fullWorld({ size: 1 });
    world.drain();
    expect(world.drain()).toEqual([]);
  });
});
