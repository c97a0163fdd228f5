import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { VmSession } from '../../src/actors/index.ts';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { VzvmError } from '../../src/errors.ts';
import { connectSsh } from '../../src/ssh/index.ts';
import { createBootContext } from '../../src/substrate/boot-context.ts';
import { bootVm } from '../../src/substrate/boot.ts';
import { prepareImage } from '../../src/substrate/prepare-image.ts';
import { preparedCache } from './cache.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();
const HOW_MANY = 3;

/** What must be of one machine alone, asked of it. */
const QUESTIONS = {
  'machine id': 'cat /etc/machine-id',
  'host name': 'hostname',
  'host key': 'cut -d" " -f2 /etc/ssh/ssh_host_ed25519_key.pub',
  'hardware address': 'cat /sys/class/net/eth0/address',
  'random bytes': 'head -c 16 /dev/urandom | od -An -tx1',
} as const;

async function ask(vm: VmSession, signal: AbortSignal): Promise<Record<string, string>> {
  const { privateKey } = vm.keys;
  const dial = (dialSignal: AbortSignal) => vm.driver.dial(vm.name, 22, dialSignal);
  const pinned = vm.hostKey === undefined ? {} : { pinnedHostKey: vm.hostKey };
  for (;;) {
    try {
      const guest = await connectSsh({ dial, user: 'admin', auth: { privateKey }, signal, ...pinned });
      try {
        const answers = Object.entries(QUESTIONS).map(async ([what, command]) => {
          const { stdout } = await guest.exec(command, { timeoutMs: 60_000, signal });
          return [what, stdout.trim()] as const;
        });
        return Object.fromEntries(await Promise.all(answers));
      } finally {
        await guest.close();
      }
    } catch (error) {
      if (!(error instanceof VzvmError) || error.retry !== 'safe' || signal.aborted) throw error;
      await sleep(100, undefined, { signal });
    }
  }
}

describe.skipIf(reason !== undefined)(`forks of one template${reason ? ` (${reason})` : ''}`, () => {
  it('are machines of their own: nothing that names one, and nothing random, is shared', async () => {
    await using place = await makePlace();
    const cacheDir = await preparedCache(place.stateDir);
    const signal = AbortSignal.timeout(15 * 60_000);
    const driver = createQemuDriver({ stateDir: place.stateDir, cacheDir });
    const options = { driver, cacheDir, memoryMiB: 1024 } as const;
    const log = () => undefined;
    const context = createBootContext({
      options,
      log,
      driver: () => Promise.resolve(driver),
      closing: signal,
    });
    try {
      expect(await prepareImage(context, signal)).toMatchObject({ hasTemplate: true });
      const forks = await Promise.all(
        Array.from({ length: HOW_MANY }, () => bootVm(context, { envs: {} }, signal)),
      );
      const skipped = forks.map(({ vm }) => vm.timeline.find(({ state }) => state === 'cloning')?.skipped);
      expect(skipped).toEqual(forks.map(() => true));
      const told = await Promise.all(forks.map(({ session }) => ask(session, signal)));
      const differing = Object.keys(QUESTIONS).map((what) => {
        const answers = told.map((each) => each[what]);
        return [what, answers.includes('') ? 0 : new Set(answers).size];
      });
      expect(differing).toEqual(Object.keys(QUESTIONS).map((what) => [what, HOW_MANY]));
      expect(told.map((each) => each['host name'])).toEqual(forks.map(({ vm }) => vm.name));
      expect(new Set(forks.map(({ session }) => session.token)).size).toBe(HOW_MANY);
    } finally {
      await context.host.dispose('the test is over');
    }
    expect(await place.look()).toEqual(NOTHING);
  });
});
