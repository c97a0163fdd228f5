import { fileStore } from './file-store.ts';
import { HOST_STORE, type HostStore } from './host-store.ts';
import { memoryStore } from './memory-store.ts';
import type { StoreKind } from './store.ts';

/** Names of the stores that every harness has. */
export const BUILT_IN_STORES: readonly string[] = ['memory', 'file', HOST_STORE];

/** All stores of a harness: its own, and those that every harness has, of which its own may take the place. */
export function allStores(own: readonly StoreKind[], hostStore: HostStore): readonly StoreKind[] {
  const names = new Set(own.map(({ name }) => name));
  const builtIn = [memoryStore(), fileStore(), hostStore].filter(({ name }) => !names.has(name));
  return [...own, ...builtIn];
}
