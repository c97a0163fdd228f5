import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { claimHarness } from '../../src/actors/claim.ts';
import { createFakeDriver, type FakeScript } from '../../src/drivers/fake/index.ts';
import { VZVMSubstrate, type VZVMSubstrateOptions } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { rejection } from '../helpers/rejection.ts';
import { never, type Provocation, withServer } from './provocation.ts';

/** What a boot is rejected with, and the name of its VM. */
async function boot(options: VZVMSubstrateOptions, signal?: AbortSignal) {
  let name = '';
  await using substrate = new VZVMSubstrate({
    baseImage: 'fake',
    ...options,
    onVm: (vm) => (name = vm.name),
  });
  const error = await rejection(substrate.bootHarness({ envs: {}, ...(signal ? { signal } : {}) }));
  return { error, name };
}

const scripted = (script: FakeScript) => ({ driver: createFakeDriver({ script }) });

/** What a boot, or a VM that booted, ends with. */
export const ofBoots = {
  OPTION_INVALID: async () => {
    const error = await rejection(
      Promise.resolve().then(() => new VZVMSubstrate({ cpus: 2 } as VZVMSubstrateOptions)),
    );
    return { error, says: ['cpus'], todo: 'did you mean cpu?' };
  },

  UNSUPPORTED: async () => {
    const { error } = await boot({ driver: createFakeDriver(), mounts: { '/data': '/tmp' } });
    return { error, says: ['fake'], todo: 'leave the option mounts out' };
  },

  PORT_TAKEN: () =>
    withServer(async (port) => {
      await using substrate = new VZVMSubstrate({ ...scripted({}), inspector: { port } });
      const error = await rejection(substrate.inspectorUrl());
      return { error, says: [`port ${port}`], todo: `ss -ltnp sport = :${port}`, hasCause: true };
    }),

  GUEST_EXITED: async () => {
    const driver = createFakeDriver({
      script: { address: (guest) => driver.killGuest(guest, { code: 137, stderrTail: 'killed' }) },
    });
    const { error, name } = await boot({ driver });
    const has = { exitCode: 137, stderrTail: 'killed', facts: { guest: name } };
    return { error, says: ['ip-polling', 'exit code 137'], todo: 'dmesg | grep -i "killed process"', has };
  },

  SSH_KEY_UNREADABLE: async () => {
    const { error } = await boot({ ...scripted({}), sshPrivateKeyPath: '/no/such/key' });
    return { error, says: ['/no/such/key'], todo: '/no/such/key', hasCause: true };
  },

  HARNESS_CRASHED: async () => {
    await using guest = await startFakeGuest({ harnessCode: `console.error('a bad day'); process.exit(3);` });
    const { error } = await boot(guest.options);
    return {
      error,
      says: ['spawn'],
      todo: 'keepOnFailure',
      hasCause: true,
      has: { stderrTail: expect.stringContaining('a bad day') },
    };
  },

  HARNESS_UNHEALTHY: async () => {
    const server = createServer((_, response) => response.writeHead(503).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const claim = { token: 'a-token', env: {} };
    const error = await rejection(
      claimHarness({ url, secret: 'a-secret', claim, signal: never, timeoutMs: 30_000 }),
    );
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    return { error, says: ['status 503'], todo: 'boot a new one' };
  },

  STEP_TIMEOUT: async () => {
    const { error, name } = await boot({ ...scripted({ address: 'hang' }), timeouts: { 'ip-polling': 50 } });
    return { error, says: ['ip-polling', '50 ms'], todo: `npx vzvm logs ${name}` };
  },

  RELEASE_FAILED: async () => {
    await using guest = await startFakeGuest({ script: { delete: new Error('the disk is busy') } });
    const substrate = new VZVMSubstrate(guest.options);
    const { vm, shutdown } = await substrate.bootHarness({ envs: {} });
    const error = await rejection(shutdown());
    await substrate.dispose().catch(() => undefined); // It tells the same again.
    return {
      error,
      says: ['the disk is busy'],
      todo: `npx vzvm rm ${vm.name}`,
      has: { facts: { guests: vm.name } },
    };
  },

  ABORTED: async () => {
    const cancelled = new AbortController();
    const script: FakeScript = { address: () => cancelled.abort(new Error('enough')) };
    const { error } = await boot(scripted(script), cancelled.signal);
    return { error, says: ['cancelled'], todo: undefined };
  },

  INTERNAL: async () => {
    const bug = new TypeError('x is not a function');
    const { error } = await boot(scripted({ start: bug }));
    return { error, says: ['booting', 'x is not a function'], todo: "trace: 'boot.ndjson'", hasCause: true };
  },
} satisfies Record<string, Provocation>;
