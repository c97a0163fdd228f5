import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<() => string | undefined>();

/** Runs work for a VM: the programs that drivers start for it are told, by `TRACEPARENT`, which span they belong to. */
export function withTraceparent<T>(traceparent: (() => string | undefined) | undefined, work: () => T): T {
  return traceparent ? current.run(traceparent, work) : work();
}

/** The span that the work under way belongs to, as `TRACEPARENT` has it; undefined where nobody traces. */
export function currentTraceparent(): string | undefined {
  return current.getStore()?.();
}
