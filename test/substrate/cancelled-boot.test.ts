import { describe, expect, it } from 'vitest';
import { createFakeDriver, type FakeScript } from '../../src/drivers/fake/index.ts';
import { type VmHandle, VZVMSubstrate } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { rejection } from '../helpers/rejection.ts';
import { until } from '../helpers/until.ts';

describe('a boot that is cancelled', () => {
  const VERBS = ['resolveImage', 'findImage', 'clone', 'start', 'address', 'dial'] as const;

  it.each(VERBS)('during %s is no failure, and leaves nothing', async (verb) => {
    const driver = createFakeDriver({ script: { [verb]: 'hang' } satisfies FakeScript });
    const abort = new AbortController();
    const substrate = new VZVMSubstrate({ driver, baseImage: 'fake' });
    const boot = substrate.bootHarness({ envs: {}, signal: abort.signal });
    await until(`${verb} is called`, () => driver.calls.some((call) => call.startsWith(verb)));
    abort.abort();
    expect(await rejection(boot)).toMatchObject({ code: 'ABORTED' });
    expect(await substrate.list()).toEqual([]);
  });

  it.each(VERBS)('by the end of its substrate during %s leaves nothing', async (verb) => {
    const driver = createFakeDriver({ script: { [verb]: 'hang' } satisfies FakeScript });
    const substrate = new VZVMSubstrate({ driver, baseImage: 'fake' });
    const boot = rejection(substrate.bootHarness({ envs: {} }));
    await until(`${verb} is called`, () => driver.calls.some((call) => call.startsWith(verb)));
    await Promise.all([substrate.dispose(), substrate.dispose()]);
    expect(await boot).toMatchObject({ code: 'ABORTED' });
    expect(await substrate.list()).toEqual([]);
  });

  it('in the moment in which it is ready leaves nothing either', async () => {
    await using guest = await startFakeGuest();
    const abort = new AbortController();
    const onVm = (vm: VmHandle) => void vm.on((event) => void (event.type === 'ready' && abort.abort()));
    const substrate = new VZVMSubstrate({ ...guest.options, onVm });
    const boot = substrate.bootHarness({ envs: {}, signal: abort.signal });
    expect(await rejection(boot)).toMatchObject({ code: 'ABORTED' });
    expect(await substrate.list()).toEqual([]);
  });

  it('before it began does nothing', async () => {
    const driver = createFakeDriver();
    const substrate = new VZVMSubstrate({ driver, baseImage: 'fake' });
    const boot = substrate.bootHarness({ envs: {}, signal: AbortSignal.abort() });
    expect(await rejection(boot)).toMatchObject({ code: 'ABORTED' });
    await substrate.dispose();
    expect(await rejection(substrate.bootHarness({ envs: {} }))).toMatchObject({
      code: 'ABORTED',
      message: expect.stringContaining('disposed'),
    });
    expect(driver.calls).toEqual([]);
  });

  it.each([{}, { warm: { size: 1 } }])(
    'by a signal of its substrate that was aborted before it: %j',
    async (more) => {
      const driver = createFakeDriver();
      const signal = AbortSignal.abort();
      const substrate = new VZVMSubstrate({ driver, baseImage: 'fake', signal, ...more });
      expect(await rejection(substrate.bootHarness({ envs: {} }))).toMatchObject({ code: 'ABORTED' });
      expect(await rejection(substrate.warmUp())).toMatchObject({ code: 'ABORTED' });
      // What began before this one would have come as far as this one.
      const later = new VZVMSubstrate({ driver, baseImage: 'none' });
      expect(await rejection(later.bootHarness({ envs: {} }))).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
      expect(driver.calls).toEqual(['resolveImage none']);
    },
  );

  it('with another one beside it ends both when the substrate goes', async () => {
    const driver = createFakeDriver({ script: { dial: 'hang' } });
    const substrate = new VZVMSubstrate({ driver, baseImage: 'fake' });
    const boots = [1, 2].map(() => rejection(substrate.bootHarness({ envs: {} })));
    await until('both are there', async () => (await substrate.list()).length === 2);
    await substrate.dispose();
    expect(await Promise.all(boots)).toMatchObject([{ code: 'ABORTED' }, { code: 'ABORTED' }]);
    expect(await substrate.list()).toEqual([]);
  });
});
