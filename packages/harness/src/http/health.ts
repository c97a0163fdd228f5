import type { HealthResponse } from '@computeragent/protocol';
import { BUILT_IN_STORES } from '../store/built-in.ts';
import { VERSION } from '../version.ts';
import type { AppDeps } from './deps.ts';

/** What anyone may know of a harness. */
export function healthOf(
  { engines, loaders, stores = [] }: Pick<AppDeps, 'engines' | 'loaders' | 'stores'>,
  state: NonNullable<HealthResponse['state']>,
): HealthResponse {
  return {
    ok: true,
    version: VERSION,
    engines: Object.fromEntries(engines.map(({ name, capabilities }) => [name, capabilities])),
    loaders: loaders.map(({ name }) => name),
    stores: [...new Set([...BUILT_IN_STORES, ...stores.map(({ name }) => name)])],
    state,
  };
}
