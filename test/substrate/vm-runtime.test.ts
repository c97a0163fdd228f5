import { fromPromise } from 'xstate';
import { describe, expect, it } from 'vitest';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { vmMachine } from '../../src/machines/vm/index.ts';
import { createSession, readPlan } from '../../src/substrate/session.ts';
import { VmRuntime } from '../../src/substrate/vm-runtime.ts';
import type { VmHandleEvent } from '../../src/substrate/vm-handle.ts';

const throws = () => {
  throw new Error('a bug');
};

/** A VM whose clone ends when the test says so; with a chart that has a bug where the test puts it. */
async function vmWith(change: { machine?: typeof vmMachine; onEvent?: (event: VmHandleEvent) => void } = {}) {
  const driver = createFakeDriver();
  const image = await driver.resolveImage('fake', {
    signal: new AbortController().signal,
    log: () => undefined,
  });
  const session = createSession({
    driver,
    image,
    plan: await readPlan({}),
    payload: { files: [], harnessDigest: 'h', packagesDigest: 'p' },
    envs: {},
    log: () => undefined,
  });
  const released: string[] = [];
  session.scope.add('disk', () => void released.push('disk'));
  const cloned = Promise.withResolvers<void>();
  const machine = (change.machine ?? vmMachine).provide({
    actors: {
      clone: fromPromise(() => cloned.promise),
      release: fromPromise(() => session.scope.release()),
    },
  });
  const input = { vmId: session.name, image: image.ref };
  const vm = new VmRuntime({ machine, session, input, onEvent: change.onEvent ?? (() => undefined) });
  return { vm, cloned, released };
}

const buggy = vmMachine.provide({ actions: { announceRetry: throws, announceFailure: throws } });

describe('a VM whose chart has a bug', () => {
  it('is released, says so, and has no tags that would be believed', async () => {
    const { vm, cloned, released } = await vmWith({ machine: buggy });
    const settled = vm.settled();
    cloned.reject(new Error('no disk'));
    expect(await vm.done).toMatchObject({
      disposeReason: 'machine error',
      failure: { step: 'cloning', code: 'INTERNAL', message: 'internal: a bug' },
      problems: [],
    });
    expect(released).toEqual(['disk']);
    expect(await settled).toBe('disposing');
    expect([...vm.tags]).toEqual([]);
    expect(await vm.settled()).toBe('disposing');
    expect(await vm.dispose('again')).toBe(await vm.done);
    expect(vm.timeline.at(-1)?.state).toBe('disposed');
  });

  it('is released also when the bug shows at once', async () => {
    const machine = vmMachine.provide({ actions: { announce: throws } });
    const { vm, released } = await vmWith({ machine });
    expect(await vm.done).toMatchObject({ disposeReason: 'machine error', failure: { code: 'INTERNAL' } });
    expect(released).toEqual(['disk']);
  });
});

describe('a VM', () => {
  it('has settled for everyone who waits, before and after', async () => {
    const { vm } = await vmWith();
    const waiting = [vm.settled(), vm.settled()];
    await vm.dispose('test');
    expect(await Promise.all([...waiting, vm.settled()])).toEqual(['disposing', 'disposing', 'disposing']);
  });

  it('tells its events to whoever listens, until they no longer do, whatever they throw', async () => {
    const seen: string[] = [];
    const { vm } = await vmWith({ onEvent: throws });
    // oxlint-disable-next-line no-misused-promises -- the compiler lets it pass where the linter is not asked
    vm.on(() => Promise.reject(new Error('later')));
    const stop = vm.on((event) => void seen.push(event.type));
    vm.on((event) => void seen.push(`${event.type} at ${typeof event.at}`));
    stop();
    await vm.dispose('test');
    expect(seen).toEqual(['step at number']);
  });

  it('shows what it is', async () => {
    const { vm } = await vmWith();
    expect(vm).toMatchObject({ driver: 'fake', image: { ref: 'fake', digest: 'fake:fake' }, pid: undefined });
    expect([...vm.tags]).toEqual(['provisioning']);
    expect(vm.state).toEqual({ alive: { cloning: 'trying' } });
    expect(await vm.consoleTail()).toBe('');
    await vm.dispose('test');
    expect([...vm.tags]).toEqual([]);
    expect(vm.failure).toBeUndefined();
  });
});
