import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { VzvmError } from '../../src/errors.ts';
import { STEPS } from '../../src/machines/vm/index.ts';
import { BootError, VZVMSubstrate } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { rejection } from '../helpers/rejection.ts';
import { until } from '../helpers/until.ts';

describe('a VM that boots', () => {
  it('is given to its caller with a token in its address, and is gone after its shutdown', async () => {
    await using guest = await startFakeGuest();
    const substrate = new VZVMSubstrate(guest.options);
    const { baseUrl, vm, shutdown } = await substrate.bootHarness({ envs: { KEY: 'value' } });
    expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/t\/[\w-]{32}$/);
    expect([...vm.tags]).toEqual(['ready']);
    expect((await fetch(`${baseUrl}/v1/health`)).status).toBe(200);
    await Promise.all([shutdown(), shutdown()]);
    await shutdown();
    expect(vm.timeline.map(({ state }) => state)).toEqual([...STEPS, 'healthy', 'disposing', 'disposed']);
    expect(guest.driver.calls.filter((call) => call.startsWith('delete'))).toHaveLength(1);
    expect(await substrate.list()).toEqual([]);
  });

  it('leaves no listener on the signals it was given', async () => {
    await using guest = await startFakeGuest();
    const [own, boot] = [new AbortController(), new AbortController()];
    const substrate = new VZVMSubstrate({ ...guest.options, signal: own.signal });
    const { shutdown } = await substrate.bootHarness({ envs: {}, signal: boot.signal });
    expect(getEventListeners(boot.signal, 'abort')).toEqual([]);
    await shutdown();
    await substrate.dispose();
    expect(getEventListeners(own.signal, 'abort')).toEqual([]);
  });

  it('outlives the signal of its boot, and ends once when it is shut down after that', async () => {
    await using guest = await startFakeGuest();
    const abort = new AbortController();
    const substrate = new VZVMSubstrate(guest.options);
    const { vm, shutdown } = await substrate.bootHarness({ envs: {}, signal: abort.signal });
    abort.abort();
    expect([...vm.tags]).toEqual(['ready']);
    await shutdown();
    expect(guest.driver.calls.filter((call) => call.startsWith('delete'))).toHaveLength(1);
  });

  it('ends with the signal of its substrate', async () => {
    await using guest = await startFakeGuest();
    const abort = new AbortController();
    const substrate = new VZVMSubstrate({ ...guest.options, signal: abort.signal });
    const { vm } = await substrate.bootHarness({ envs: {} });
    abort.abort();
    await until('the VM is gone', async () => (await substrate.list()).length === 0 && vm.tags.size === 0);
    expect(await rejection(substrate.bootHarness({ envs: {} }))).toMatchObject({ code: 'ABORTED' });
  });

  it('goes when its process ends, and its shutdown is then nothing', async () => {
    await using guest = await startFakeGuest();
    const substrate = new VZVMSubstrate(guest.options);
    const { vm, shutdown } = await substrate.bootHarness({ envs: {} });
    guest.driver.killGuest(vm.name, { code: 9, stderrTail: 'out of memory' });
    await until('the VM is gone', () => vm.tags.size === 0);
    expect(vm.failure).toMatchObject({ code: 'GUEST_EXITED', step: 'healthy', stderrTail: 'out of memory' });
    await shutdown();
    expect(await substrate.list()).toEqual([]);
  });

  it('stays ready when its connection breaks, says so, and is still watched after that', async () => {
    await using guest = await startFakeGuest();
    const lines: string[] = [];
    const substrate = new VZVMSubstrate({ ...guest.options, onLog: (line) => void lines.push(line) });
    const { vm, shutdown } = await substrate.bootHarness({ envs: {} });
    const told: string[] = [];
    vm.on((event) => void told.push(event.type));
    guest.cut();
    await until('the connection is made again', () => told.includes('found'));
    expect([...vm.tags]).toEqual(['ready']);
    expect(lines.join('\n')).toContain('the connection that watches the harness was lost');
    await guest.endHarness();
    await until('the VM is gone', () => vm.tags.size === 0);
    expect(vm.failure).toMatchObject({ code: 'HARNESS_CRASHED', step: 'healthy' });
    expect(vm.failure?.stderrTail).toContain('up with');
    await shutdown();
  });

  it('that cannot be reached any more is told as a lost connection, not as a crash', async () => {
    await using guest = await startFakeGuest({ script: { dial: ['ok', new Error('no route')] } });
    const substrate = new VZVMSubstrate({ ...guest.options, timeouts: { healthy: 50 } });
    const { vm, shutdown } = await substrate.bootHarness({ envs: {} });
    guest.cut();
    await until('the VM is gone', () => vm.tags.size === 0);
    expect(vm.failure).toMatchObject({ code: 'SSH_CLOSED', step: 'healthy' });
    expect(vm.failure?.lastError).toContain('no route');
    await shutdown();
    expect(await substrate.list()).toEqual([]);
  });

  it('is told by the end of its substrate when it died and could not be removed', async () => {
    await using guest = await startFakeGuest({ script: { delete: new Error('the disk is busy') } });
    const lines: string[] = [];
    const substrate = new VZVMSubstrate({ ...guest.options, onLog: (line) => void lines.push(line) });
    const { vm, shutdown } = await substrate.bootHarness({ envs: {} });
    guest.driver.killGuest(vm.name, { code: 9 });
    await until('the VM is gone', () => vm.tags.size === 0);
    for (const end of [() => shutdown(), () => substrate.dispose()]) {
      expect(await rejection(end())).toMatchObject({
        code: 'RELEASE_FAILED',
        facts: { guests: vm.name },
        message: expect.stringContaining('the disk is busy'),
      });
    }
    expect(lines.at(-1)).toBe(`${vm.name}: left behind: guest files: the disk is busy`);
  });

  it('says what its release could not remove', async () => {
    await using guest = await startFakeGuest({ script: { delete: new Error('the disk is busy') } });
    const substrate = new VZVMSubstrate(guest.options);
    const { vm, shutdown } = await substrate.bootHarness({ envs: {} });
    const error = await rejection(shutdown());
    expect(error).toMatchObject({
      code: 'RELEASE_FAILED',
      message: expect.stringContaining('the disk is busy'),
    });
    expect((error as VzvmError).hint).toContain(vm.name);
  });

  it('keeps secrets out of logs, inspection events and what it shows', async () => {
    await using guest = await startFakeGuest();
    const seen: unknown[] = [];
    const substrate = new VZVMSubstrate({
      ...guest.options,
      sshPassword: 'password-canary',
      onLog: (line) => void seen.push(line),
      inspect: (event) =>
        void seen.push(JSON.stringify(event.type === '@xstate.snapshot' ? event.snapshot : event.type)),
      onVm: (vm) => void vm.on((event) => void seen.push(JSON.stringify(event))),
    });
    const { baseUrl, vm, shutdown } = await substrate.bootHarness({ envs: { KEY: 'env-canary' } });
    const token = baseUrl.split('/t/')[1] ?? '';
    await shutdown();
    const all = [...seen, JSON.stringify(vm.timeline), JSON.stringify(vm.state)].join('\n');
    expect(all.length).toBeGreaterThan(1_000);
    for (const secret of ['env-canary', 'password-canary', token]) expect(all).not.toContain(secret);
  });

  it('is not troubled by callbacks that throw', async () => {
    await using guest = await startFakeGuest();
    const fail = () => {
      throw new Error('not my day');
    };
    const substrate = new VZVMSubstrate({
      ...guest.options,
      onLog: fail,
      inspect: fail,
      onVm: (vm) => {
        vm.on(fail);
        fail();
      },
      logger: { info: fail, warn: fail, error: fail, debug: fail },
    });
    const { shutdown } = await substrate.bootHarness({ envs: {} });
    await shutdown();
    expect(await substrate.list()).toEqual([]);
  });
});

describe('a boot that fails', () => {
  const failure = new VzvmError('BOOT_FAILED', 'no room', { hint: 'make some' });

  it('says step, cause and what to do, leaves nothing, and the next one boots anew', async () => {
    await using guest = await startFakeGuest({ script: { start: [failure, 'ok'] } });
    const substrate = new VZVMSubstrate(guest.options);
    const error = await rejection(substrate.bootHarness({ envs: {} }));
    expect(error).toBeInstanceOf(BootError);
    expect(error).toMatchObject({
      code: 'BOOT_FAILED',
      step: 'booting',
      attempt: 1,
      hint: 'make some',
      problems: [],
    });
    expect(error).toHaveProperty('cause', failure);
    expect(await substrate.list()).toEqual([]);
    const { shutdown } = await substrate.bootHarness({ envs: {} });
    await shutdown();
  });

  it('does not trouble another one beside it', async () => {
    await using guest = await startFakeGuest({ script: { start: [failure, 'ok'] } });
    const substrate = new VZVMSubstrate(guest.options);
    const boots = [1, 2].map(() => substrate.bootHarness({ envs: {} }));
    // Which of the two is started first is nobody's promise.
    const ends = (await Promise.allSettled(boots)).toSorted((one, other) =>
      one.status < other.status ? -1 : 1,
    );
    expect(ends).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'BOOT_FAILED' } },
    ]);
    expect(await substrate.list()).toHaveLength(1);
    await substrate.dispose();
    expect(await substrate.list()).toEqual([]);
  });

  it.each([
    ['upload', { remoteWorkdir: '/proc/none' }],
    ['spawn', {}],
  ])('in %s tells no secret in its error, whatever is asked of it', async (step, more) => {
    await using guest = await startFakeGuest({
      harnessCode: `console.log(line.length); process.exit(1);`,
    });
    const lines: string[] = [];
    const options = { ...guest.options, ...more, sshPassword: 'password-canary' };
    const substrate = new VZVMSubstrate({ ...options, onLog: (line) => void lines.push(line) });
    const error = await rejection(substrate.bootHarness({ envs: { KEY: 'env-canary' } }));
    expect(error).toMatchObject({ step });
    const all = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), ...lines].join('\n');
    for (const secret of ['env-canary', 'password-canary', 'PRIVATE KEY']) expect(all).not.toContain(secret);
  });

  it('shows the log of a harness that ends at once', async () => {
    await using guest = await startFakeGuest({ harnessCode: 'console.error("a bad day"); process.exit(3);' });
    const substrate = new VZVMSubstrate(guest.options);
    const error = await rejection(substrate.bootHarness({ envs: {} }));
    expect(error).toMatchObject({ code: 'HARNESS_CRASHED', step: 'spawn' });
    expect((error as VzvmError).stderrTail).toContain('a bad day');
    expect(await substrate.list()).toEqual([]);
  });

  it('leaves nothing to do when not even the image was found', async () => {
    const driver = createFakeDriver();
    const substrate = new VZVMSubstrate({ driver, baseImage: 'no-such' });
    expect(await rejection(substrate.bootHarness({ envs: {} }))).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(driver.calls).toEqual(['resolveImage no-such']);
  });

  it('fails before anything is made when a file of the options cannot be read', async () => {
    const driver = createFakeDriver();
    const options = { driver, baseImage: 'fake' };
    const key = new VZVMSubstrate({ ...options, sshPrivateKeyPath: '/no/such/key' });
    expect(await rejection(key.bootHarness({ envs: {} }))).toMatchObject({ code: 'SSH_KEY_UNREADABLE' });
    const bundle = new VZVMSubstrate({ ...options, bundlePath: '/no/such/bundle' });
    expect(await rejection(bundle.bootHarness({ envs: {} }))).toMatchObject({ code: 'OPTION_INVALID' });
    expect(driver.calls).toEqual([]);
  });

  it('keeps its VM for a look when asked to, until the substrate is disposed', async () => {
    const driver = createFakeDriver({ script: { start: failure } });
    const substrate = new VZVMSubstrate({ driver, baseImage: 'fake', keepOnFailure: true });
    expect(await rejection(substrate.bootHarness({ envs: {} }))).toMatchObject({ code: 'BOOT_FAILED' });
    expect(await substrate.list()).toHaveLength(1);
    await substrate.dispose();
    expect(await substrate.list()).toEqual([]);
  });
});
