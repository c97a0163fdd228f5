import { describe, expect, it } from 'vitest';
import { ResourceScope } from '../../src/substrate/resource-scope.ts';

/** A scope whose resources write down that they were released. */
function scopeWith(...names: string[]) {
  const scope = new ResourceScope();
  const released: string[] = [];
  const add = (name: string) => scope.add(name, () => void released.push(name));
  names.forEach(add);
  return { scope, released, add };
}

describe('the resources of a VM', () => {
  it('are released in reverse order, each after the one before it is gone', async () => {
    const { scope, released, add } = scopeWith('files');
    const gate = Promise.withResolvers<void>();
    scope.add('process', async () => {
      await gate.promise;
      released.push('process');
    });
    add('connection');
    const releasing = scope.release();
    await Promise.resolve();
    expect(released).not.toContain('files');
    gate.resolve();
    expect(await releasing).toEqual([]);
    expect(released).toEqual(['connection', 'process', 'files']);
  });

  it('are released once, and everyone waits for the same end', async () => {
    const { scope, released } = scopeWith('files');
    const [one, two] = [scope.release(), scope.release()];
    expect(one).toBe(two);
    await one;
    expect(scope.release()).toBe(one);
    expect(released).toEqual(['files']);
  });

  it('are all released, also where what a driver throws cannot even be read', async () => {
    const { scope, released } = scopeWith('files');
    scope.add('process', () => Promise.reject(Object.create(null) as Error));
    expect(await scope.release()).toEqual(['process: an error that cannot be read']);
    expect(released).toEqual(['files']);
  });

  it('are all released, whichever of them cannot be: each problem is told by name', async () => {
    const { scope, released, add } = scopeWith('files');
    scope.add('process', () => Promise.reject(new Error('still runs')));
    add('port');
    scope.add('socket', () => {
      throw 'a word'; // oxlint-disable-line no-throw-literal, only-throw-error -- anything may be thrown
    });
    expect(await scope.release()).toEqual(['socket: a word', 'process: still runs']);
    expect(released).toEqual(['port', 'files']);
  });

  it('wait for work in flight, failed or not, and for what that work begins or makes', async () => {
    const { scope, released, add } = scopeWith('files');
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const work = scope.track(
      first.promise.finally(() => {
        void scope.track(second.promise.then(() => add('made late')));
      }),
    );
    const releasing = scope.release();
    first.reject(new Error('no'));
    await expect(work).rejects.toThrow('no');
    expect(released).toEqual([]);
    second.resolve();
    await releasing;
    expect(released).toEqual(['made late', 'files']);
  });

  it('that are made while others are released are released as well', async () => {
    const { scope, released, add } = scopeWith('files');
    scope.add('process', () => add('its log'));
    await scope.release();
    expect(released).toEqual(['its log', 'files']);
  });

  it('that come after the end are released at once, whatever they throw', async () => {
    const { scope, released, add } = scopeWith();
    await scope.release();
    add('late');
    scope.add('bad', () => Promise.reject(new Error('nobody hears it')));
    expect(released).toEqual(['late']);
  });

  it('can be told by a signal that their end has begun', async () => {
    const { scope } = scopeWith('files');
    expect(scope.signal.aborted).toBe(false);
    const releasing = scope.release();
    expect(scope.signal.aborted).toBe(true);
    await releasing;
  });
});

describe('work that is tracked', () => {
  it('gives its caller what it gives', async () => {
    const { scope } = scopeWith();
    await expect(scope.track(Promise.resolve(7))).resolves.toBe(7);
    await expect(scope.track(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
