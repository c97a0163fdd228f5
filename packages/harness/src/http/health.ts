import type { HealthResponse } from '@computeragent/protocol';
import { VERSION } from '../version.ts';
import type { AppDeps } from './deps.ts';

/** What anyone may know of a harness. */
export function healthOf(
  { engines, loaders }: Pick<AppDeps, 'engines' | 'loaders'>,
  state: NonNullable<HealthResponse['state']>,
): HealthResponse {
  return {
    ok: true,
    version: VERSION,
    engines: Object.fromEntries(engines.map(({ name, capabilities }) => [name, capabilities])),
    loaders: loaders.map(({ name }) => name),
    state,
  };
}
