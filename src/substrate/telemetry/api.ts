import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';

type Api = typeof OpenTelemetry;

let known: { readonly api: Api | undefined } | undefined;

/** OpenTelemetry's API where the program has it; undefined where it has not: it is no dependency of ours. */
export function openTelemetry(): Api | undefined {
  known ??= { api: load() };
  return known.api;
}

function load(): Api | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as Api;
  } catch {
    return undefined; // Whatever is wrong with it: no VM fails by it.
  }
}
