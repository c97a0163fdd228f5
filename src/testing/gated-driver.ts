import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Driver, GuestProcess, MemorySnapshots } from '../drivers/driver.ts';
import type { Lane } from './lane.ts';

const LOOK_MS = 50;

/** What the gates need to know of guests. */
export interface Lanes {
  laneOf(guest: string): Lane | undefined;
  /** What a call that was let through does with a stream to a guest. */
  stream(lane: Lane, port: number, dial: () => Promise<Duplex>): Promise<Duplex>;
}

/** A driver whose verbs each wait at a gate before they do their work, or fail as they are told there. */
export function gatedDriver(driver: Driver, lanes: Lanes): Driver {
  const pass = async (gate: string, guest: string, signal?: AbortSignal): Promise<boolean> => {
    const outcome = await lanes.laneOf(guest)?.gates.pass(gate, signal);
    if (outcome instanceof Error) throw outcome;
    return outcome !== 'not yet';
  };
  const watched = (guest: string, process: GuestProcess) => lanes.laneOf(guest)?.watch(process) ?? process;
  const gated: Pick<Driver, 'clone' | 'start' | 'address' | 'dial' | 'stop' | 'delete' | 'keepImage'> = {
    clone: async (request, signal) => {
      await pass('clone', request.guest, signal);
      await driver.clone(request, signal);
    },
    start: async (guest, signal) => {
      await pass('start', guest, signal);
      return watched(guest, await driver.start(guest, signal));
    },
    address: async (guest, signal) =>
      (await pass('address', guest, signal)) ? firstAddress(driver, guest, signal) : undefined,
    dial: async (guest, port, signal) => {
      await pass('dial', guest, signal);
      const lane = lanes.laneOf(guest);
      const dial = () => driver.dial(guest, port, signal);
      return lane ? lanes.stream(lane, port, dial) : dial();
    },
    stop: async (guest, graceMs) => {
      await pass('stop', guest);
      await driver.stop(guest, graceMs);
    },
    delete: async (guest) => {
      await pass('delete', guest);
      await driver.delete(guest);
    },
    keepImage: async (request, signal) => {
      await pass('keepImage', request.guest, signal);
      await driver.keepImage(request, signal);
    },
  };
  const { snapshots } = driver;
  const forks: Partial<MemorySnapshots> = {
    fork: async (request, signal) => {
      await pass('start', request.guest, signal);
      return watched(request.guest, await (snapshots as MemorySnapshots).fork(request, signal));
    },
  };
  return over(driver, { ...gated, ...(snapshots ? { snapshots: over(snapshots, forks) } : {}) });
}

/** That there is none yet is what the model says, not what a driver does. */
async function firstAddress(driver: Driver, guest: string, signal: AbortSignal) {
  for (;;) {
    const address = await driver.address(guest, signal);
    if (address) return address;
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/** The object with some of its parts replaced; methods of the others keep their own `this`. */
function over<T extends object>(whole: T, parts: Partial<T>): T {
  return new Proxy(whole, {
    get: (target, key) => {
      if (key in parts) return parts[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
