import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, type ContextManager, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** Carries the active span through promises, as an SDK for Node does. */
function createContextManager(): ContextManager {
  const store = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => store.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...args) => store.run(active, () => work.call(self, ...args)),
    bind: (active, target) =>
      typeof target === 'function'
        ? (((...args: unknown[]) => store.run(active, () => target(...args))) as never)
        : target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

/** A program that traces, into memory, until the end of a scope. */
export function startTracing() {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(createContextManager());
  const spans = () => exporter.getFinishedSpans();
  return {
    tracer: provider.getTracer('test'),
    spans,
    /** The one span of this name. */
    span: (name: string) => {
      const found = spans().filter((each) => each.name === name);
      if (found.length !== 1) throw new Error(`${found.length} spans are named ${name}`);
      return found[0] as (typeof found)[number];
    },
    [Symbol.asyncDispose]: async () => {
      trace.disable();
      context.disable();
      await provider.shutdown();
    },
  };
}
