import { describe, expect, it } from 'vitest';
import { fullWorld, World } from './world.ts';

describe('a claim', () => {
  it('gets the VM that was parked first, at once', () => {
    const world = fullWorld({ size: 2 });
    expect(world.claim('c1')[0]).toBe('claimed c1 vm-1');
    expect(world.claim('c2')[0]).toBe('claimed c2 vm-2');
  });

  it('is cold when none is parked, though one boots', () => {
    const world = new World({ size: 1 });
    void world.told;
    expect(world.claim('c1')).toEqual(['cold c1 vm-2']);
  });

  it('that is asked twice is answered once, as long as it waits or has its VM', () => {
    const world = fullWorld({ size: 1, maxConcurrent: 1 });
    world.claim('c1');
    expect(world.claim('c1')).toEqual([]);
    world.claim('c2');
    expect(world.claim('c2')).toEqual([]);
  });

  it('never gets a VM that died while it was parked', () => {
    const world = fullWorld({ size: 2 });
    world.ended('vm-1');
    expect(world.claim('c1')).toContain('claimed c1 vm-2');
    expect(world.claim('c2')[0]).toMatch(/^cold c2 /u);
  });
});

describe('claims beyond the most VMs that may run', () => {
  const taken = () => {
    const world = new World({ size: 0, maxConcurrent: 2 });
    world.claim('c1');
    world.claim('c2');
    return world;
  };

  it('wait in the order they came, and are told their position each time it changes', () => {
    const world = taken();
    expect(world.claim('c3')).toEqual(['queued c3 at 1']);
    expect(world.claim('c4')).toEqual(['queued c4 at 2']);
    expect(world.claim('c5')).toEqual(['queued c5 at 3']);
    expect(world.ended('vm-1')).toEqual(['cold c3 vm-3', 'queued c4 at 1', 'queued c5 at 2']);
    expect(world.ended('vm-3')).toEqual(['cold c4 vm-4', 'queued c5 at 1']);
    expect(world.events.find((event) => event.type === 'queued')).toMatchObject({
      reason: 'max-concurrent',
    });
  });

  it('can be cancelled; those behind move up', () => {
    const world = taken();
    for (const claimId of ['c3', 'c4', 'c5']) world.claim(claimId);
    expect(world.cancel('c4')).toEqual(['rejected c4: cancelled', 'queued c5 at 2']);
    expect(world.cancel('c3')).toEqual(['rejected c3: cancelled', 'queued c5 at 1']);
    expect(world.ended('vm-2')).toEqual(['cold c5 vm-3']);
  });

  it('cannot be cancelled once they were answered: their VM is ended instead', () => {
    const world = taken();
    expect(world.cancel('c1')).toEqual([]);
    expect(world.cancel('never asked')).toEqual([]);
  });

  it('get a VM that was booted for the pool as soon as it is there', () => {
    const world = new World({ size: 1, maxConcurrent: 1 });
    void world.told;
    expect(world.claim('c1')).toEqual(['queued c1 at 1']);
    expect(world.claim('c2')).toEqual(['queued c2 at 2']);
    expect(world.parked('vm-1')).toEqual(['claimed c1 vm-1', 'queued c2 at 1']);
  });

  it('get the place of a VM whose boot for the pool has failed, in spite of the pause', () => {
    const world = new World({ size: 1, maxConcurrent: 1 });
    world.claim('c1');
    expect(world.failed('vm-1')).toEqual(['cooling 500 after 1']);
    expect(world.ended('vm-1')).toEqual(['cold c1 vm-2']);
  });

  it('come before the refill', () => {
    const world = fullWorld({ size: 1, maxConcurrent: 2 });
    world.claim('c1');
    world.claim('c2');
    world.parked('vm-2');
    expect(world.context.parked).toEqual([]);
    expect(world.claim('c3')).toEqual(['queued c3 at 1']);
    expect(world.ended('vm-1')).toEqual(['cold c3 vm-3']);
    expect(world.ended('vm-2')).toEqual(['boot vm-4']);
  });
});

describe('news of a VM', () => {
  it('that the pool does not know, or has forgotten, changes nothing', () => {
    const world = fullWorld({ size: 1 });
    const { context } = world;
    for (const vmId of ['vm-9', 'x']) {
      expect([...world.parked(vmId), ...world.failed(vmId), ...world.ended(vmId)]).toEqual([]);
    }
    expect(world.parked('vm-1')).toEqual([]);
    expect(world.context).toEqual(context);
  });

  it('is an end only once', () => {
    const world = new World({ size: 0, maxConcurrent: 1 });
    world.claim('c1');
    world.claim('c2');
    expect(world.ended('vm-1')).toEqual(['cold c2 vm-2']);
    world.claim('c3');
    expect(world.ended('vm-1')).toEqual([]);
  });
});
