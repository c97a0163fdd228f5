import type { Driver, MemorySnapshots } from '../../src/drivers/driver.ts';

/** Gives a driver memory snapshots that have nothing and do nothing but what is said. Answers the keys that were removed. */
export function giveSnapshots(driver: Driver, parts: Partial<MemorySnapshots> = {}): string[] {
  const removed: string[] = [];
  const snapshots: MemorySnapshots = {
    save: () => Promise.reject(new Error('not here')),
    has: () => Promise.resolve(false),
    fork: () => Promise.reject(new Error('not here')),
    remove: (key) => Promise.resolve(void removed.push(key)),
    list: () => Promise.resolve([]),
    ...parts,
  };
  Object.assign(driver, { snapshots });
  return removed;
}
