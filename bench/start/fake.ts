import { newGuestName } from '../../src/drivers/guest-name.ts';
import { createFakeDriver, type FakeDriver } from '../../src/drivers/fake/index.ts';
import type { How, Opened, Served, Subject } from './subject.ts';

const RESOURCES = { cpu: 1, memoryMiB: 256 };
const KEY = 'ssh-ed25519 none';
const PORT = 7700;

/** The fake driver alone, which has neither SSH nor a harness: it tests the benchmark and measures nothing. */
export function fakeSubject(signal: AbortSignal, driver: FakeDriver = createFakeDriver()): Subject {
  const timed = async () => {
    const started = performance.now();
    await using substrate = openFake(driver, { prepare: 'never', fork: 'never' }, signal);
    const { baseUrl } = await substrate.boot();
    const healthy = performance.now() - started;
    await command(driver, baseUrl, signal);
    return { healthy: [healthy], command: [performance.now() - started] };
  };
  return {
    about: { image: 'fake' },
    open: (how) => openFake(driver, how, signal),
    command: (guest) => command(driver, guest, signal),
    bootByHand: timed,
    forkByHand: timed,
    upstream: timed,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function openFake(driver: FakeDriver, how: How, signal: AbortSignal): Opened {
  const guests: string[] = [];
  const waiting: Served[] = [];
  const make = async (): Promise<Served> => {
    const guest = newGuestName();
    const image = await driver.resolveImage('fake', { signal, log: () => undefined });
    guests.push(guest);
    await driver.clone({ image, guest, resources: RESOURCES, user: 'admin', authorizedKey: KEY }, signal);
    await driver.start(guest, signal);
    return { baseUrl: guest, states: how.fork === 'auto' ? ['cloning'] : ['cloning', 'ssh-connect'] };
  };
  return {
    boot: async () => waiting.pop() ?? make(),
    warmUp: async () => {
      while (waiting.length < (how.warm ?? 0)) waiting.push(await make());
      return waiting.length;
    },
    [Symbol.asyncDispose]: async () => {
      for (const guest of guests) await driver.delete(guest);
    },
  };
}

async function command(driver: FakeDriver, guest: string, signal: AbortSignal): Promise<void> {
  (await driver.dial(guest, PORT, signal)).destroy();
}
