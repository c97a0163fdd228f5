import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { currentTraceparent } from '../../../src/drivers/trace-context.ts';
import { createFakeDriver } from '../../../src/drivers/fake/index.ts';
import { VzvmError } from '../../../src/errors.ts';
import { STEPS } from '../../../src/machines/vm/index.ts';
import { VZVMSubstrate } from '../../../src/substrate/index.ts';
import { startFakeGuest } from '../../helpers/fake-guest.ts';
import { rejection } from '../../helpers/rejection.ts';
import { startTracing } from '../../helpers/spans.ts';

const traceparentOf = (span: { spanContext(): { traceId: string; spanId: string } }) =>
  `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`;

/** What the harness was told, by the file that it has written it to. */
const harnessCode = `writeFileSync('told', config.env.TRACEPARENT ?? 'nothing');`;

describe('a VM of a program that traces', () => {
  it('has a span for its life, in that of its program, and one below it for each state', async () => {
    await using tracing = startTracing();
    await using guest = await startFakeGuest({ harnessCode });
    const substrate = new VZVMSubstrate(guest.options);
    const program = tracing.tracer.startSpan('program');
    const { vm } = await context.with(trace.setSpan(context.active(), program), () =>
      substrate.bootHarness({ envs: {} }),
    );
    const told = await readFile(join(guest.options.remoteWorkdir ?? '', 'told'), 'utf8');
    await substrate.dispose();
    const life = tracing.span('vzvm.vm');
    expect(told).toBe(traceparentOf(life));
    expect(life.parentSpanContext?.spanId).toBe(program.spanContext().spanId);
    expect(life.attributes).toMatchObject({
      'vzvm.vm': vm.name,
      'vzvm.driver': 'fake',
      'vzvm.image': 'fake',
      'vzvm.fork': false,
      'vzvm.dispose.reason': 'substrate disposed',
    });
    expect(life.events.map(({ name }) => name)).toContain('ready');
    expect(life.status.code).toBe(SpanStatusCode.UNSET);
    const states = tracing
      .spans()
      .filter(({ parentSpanContext }) => parentSpanContext?.spanId === life.spanContext().spanId);
    expect(states.map(({ name }) => name)).toEqual(
      [...STEPS, 'healthy', 'disposing'].map((state) => `vzvm.${state}`),
    );
    expect(tracing.span('vzvm.npm-install').attributes['vzvm.skipped']).toBe(true);
    expect(tracing.span('vzvm.cloning').attributes['vzvm.skipped']).toBeUndefined();
    expect(tracing.spans().every(({ ended }) => ended)).toBe(true);
  });

  it('leaves a TRACEPARENT of its user alone', async () => {
    await using _ = startTracing();
    await using guest = await startFakeGuest({ harnessCode });
    await using substrate = new VZVMSubstrate(guest.options);
    await substrate.bootHarness({ envs: { TRACEPARENT: 'mine' } });
    expect(await readFile(join(guest.options.remoteWorkdir ?? '', 'told'), 'utf8')).toBe('mine');
  });

  it('tells of retries as events, of a failure as a status, and drivers which span their programs belong to', async () => {
    await using tracing = startTracing();
    const seen: (string | undefined)[] = [];
    const look = () => void seen.push(currentTraceparent());
    const busy = new VzvmError('CLONE_FAILED', 'busy', { retry: 'safe' });
    const full = new VzvmError('DISK_FULL', 'no space', { hint: 'df -h', exitCode: 28 });
    const driver = createFakeDriver({ script: { clone: [busy, look], start: full, delete: look } });
    await using substrate = new VZVMSubstrate({ driver, baseImage: 'fake', prepare: 'never' });
    await rejection(substrate.bootHarness({ envs: {} }));
    expect(tracing.span('vzvm.cloning').events).toMatchObject([
      { name: 'retry', attributes: { 'vzvm.attempt': 2, 'vzvm.error': 'busy' } },
    ]);
    const error = { code: SpanStatusCode.ERROR, message: 'DISK_FULL: no space' };
    expect(tracing.span('vzvm.booting')).toMatchObject({
      status: error,
      attributes: { 'error.type': 'DISK_FULL', 'vzvm.failure.hint': 'df -h', 'vzvm.failure.exit_code': 28 },
    });
    expect(tracing.span('vzvm.vm')).toMatchObject({
      status: error,
      attributes: { 'vzvm.failure.step': 'booting' },
    });
    expect(tracing.span('vzvm.cloning').status.code).toBe(SpanStatusCode.UNSET);
    expect([...new Set(seen)]).toEqual(
      ['vzvm.cloning', 'vzvm.disposing'].map((name) => traceparentOf(tracing.span(name))),
    );
  });

  it('tells what was left behind', async () => {
    await using tracing = startTracing();
    const left = new VzvmError('RELEASE_FAILED', 'in use');
    const driver = createFakeDriver({ script: { start: new VzvmError('BOOT_FAILED', 'no'), delete: left } });
    const substrate = new VZVMSubstrate({ driver, baseImage: 'fake', prepare: 'never' });
    await rejection(substrate.bootHarness({ envs: {} }));
    await rejection(substrate.dispose());
    expect(tracing.span('vzvm.vm').events).toContainEqual(expect.objectContaining({ name: 'left behind' }));
  });

  it('boots also where what collects the spans is broken', async () => {
    await using _ = startTracing();
    trace.disable();
    trace.setGlobalTracerProvider({
      getTracer: () => {
        throw new Error('a bug of the collector');
      },
    });
    await using guest = await startFakeGuest({ harnessCode });
    await using substrate = new VZVMSubstrate(guest.options);
    const { vm } = await substrate.bootHarness({ envs: {} });
    expect([...vm.tags]).toEqual(['ready']);
    expect(await readFile(join(guest.options.remoteWorkdir ?? '', 'told'), 'utf8')).toBe('nothing');
  });
});

describe('a VM of a program that does not trace', () => {
  it('is told nothing of spans', async () => {
    await using guest = await startFakeGuest({ harnessCode });
    await using substrate = new VZVMSubstrate(guest.options);
    await substrate.bootHarness({ envs: {} });
    expect(await readFile(join(guest.options.remoteWorkdir ?? '', 'told'), 'utf8')).toBe('nothing');
  });
});
