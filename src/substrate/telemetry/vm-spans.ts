import type { Attributes, Span } from '@opentelemetry/api';
import type { VmSession } from '../../actors/index.ts';
import type { VmFailure, VmOutput } from '../../machines/vm/index.ts';
import { quietly } from '../quietly.ts';
import type { VmHandleEvent } from '../vm-handle.ts';
import { openTelemetry } from './api.ts';

type Api = NonNullable<ReturnType<typeof openTelemetry>>;

/** The spans of one VM. */
export interface VmSpans {
  readonly hear: (event: VmHandleEvent) => void;
  readonly end: (output: VmOutput) => void;
  /** `TRACEPARENT` for what is done in the state that the VM is in; undefined where nobody traces. */
  readonly traceparent: () => string | undefined;
  /** The same for what belongs to the whole life of the VM. */
  readonly vmTraceparent: string | undefined;
}

/** Begins the span of a VM, within the span that its program is in. Undefined where the program has no OpenTelemetry. */
export function startSpans(session: VmSession): VmSpans | undefined {
  const api = openTelemetry();
  if (!api) return undefined;
  let spans: Spans | undefined;
  quietly(() => {
    spans = new Spans(api, session);
  });
  if (!spans) return undefined;
  const begun = spans;
  return {
    hear: (event) => quietly(() => begun.hear(event)),
    end: (output) => quietly(() => begun.end(output)),
    traceparent: () => begun.traceparent,
    vmTraceparent: traceparentOf(api, begun.vm),
  };
}

class Spans {
  readonly vm: Span;
  readonly #api: Api;
  readonly #tracer: ReturnType<Api['trace']['getTracer']>;
  #state: Span | undefined;

  constructor(api: Api, session: VmSession) {
    this.#api = api;
    this.#tracer = api.trace.getTracer('@computeragent/runtime-vzvm');
    this.vm = this.#tracer.startSpan('vzvm.vm', { attributes: attributesOf(session) });
  }

  get traceparent(): string | undefined {
    return traceparentOf(this.#api, this.#state ?? this.vm);
  }

  hear(event: VmHandleEvent): void {
    if (event.type === 'step') this.#step(event);
    else if (event.type === 'failed') this.#failed(event.failure);
    else this.vm.addEvent(event.type, textOf(event));
  }

  end({ failure, disposeReason, problems }: VmOutput): void {
    this.#state?.end();
    this.#state = undefined;
    if (disposeReason !== null) this.vm.setAttribute('vzvm.dispose.reason', disposeReason);
    // One that failed by a bug of the chart has told it to nobody before.
    if (failure) this.#blame(this.vm, failure);
    for (const problem of problems) this.vm.addEvent('left behind', { 'vzvm.problem': problem });
    if (problems.length > 0 && !failure) this.#error(this.vm, `left behind: ${problems.join('; ')}`);
    this.vm.end();
  }

  #step(event: VmHandleEvent & { type: 'step' }): void {
    const { step, phase, attempt, lastError } = event;
    if (phase === 'retry') {
      const why = lastError === undefined ? {} : { 'vzvm.error': lastError };
      this.#state?.addEvent('retry', { 'vzvm.attempt': attempt, ...why });
      return;
    }
    if (phase === 'skipped') {
      this.#state?.setAttribute('vzvm.skipped', true);
      return;
    }
    // The state that has failed stays open until it is told why.
    if (step !== 'failed') this.#begin(step);
  }

  #failed(failure: VmFailure): void {
    if (this.#state) this.#blame(this.#state, failure);
    this.#begin('failed');
  }

  #begin(state: string): void {
    this.#state?.end();
    const { context, trace } = this.#api;
    const parent = trace.setSpan(context.active(), this.vm);
    this.#state = this.#tracer.startSpan(`vzvm.${state}`, { attributes: { 'vzvm.state': state } }, parent);
  }

  #blame(span: Span, { code, message, step, attempt, hint, exitCode }: VmFailure): void {
    span.setAttributes({
      'error.type': code,
      'vzvm.failure.step': step,
      'vzvm.failure.attempt': attempt,
      ...(hint === undefined ? {} : { 'vzvm.failure.hint': hint }),
      ...(exitCode === undefined ? {} : { 'vzvm.failure.exit_code': exitCode }),
    });
    this.#error(span, `${code}: ${message}`);
  }

  #error(span: Span, message: string): void {
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message });
  }
}

function attributesOf({ name, driver, image, plan, template }: VmSession): Attributes {
  return {
    'vzvm.vm': name,
    'vzvm.driver': driver.name,
    ...(driver.accelerator === undefined ? {} : { 'vzvm.accelerator': driver.accelerator }),
    'vzvm.image': image.ref,
    'vzvm.image.digest': image.digest,
    'vzvm.fork': template !== undefined,
    'vzvm.cpu': plan.resources.cpu,
    'vzvm.memory_mib': plan.resources.memoryMiB,
  };
}

function textOf(event: VmHandleEvent): Attributes {
  if (event.type === 'lost') return { 'vzvm.reason': event.reason };
  return event.type === 'image' && event.problem !== undefined ? { 'vzvm.problem': event.problem } : {};
}

function traceparentOf({ isSpanContextValid }: Api, span: Span): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!isSpanContextValid({ traceId, spanId, traceFlags })) return undefined;
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}
