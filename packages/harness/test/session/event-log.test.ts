import type { HarnessEvent } from '@computeragent/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/session/event-log.ts';
import { logStream } from '../../src/session/log-stream.ts';
import { allFramesOf, type Frame, kindsOf } from '../helpers/sse.ts';

const sessionId = 's';
const message = (payload: unknown): HarnessEvent => ({ kind: 'sdk_message', sessionId, payload });
const result = message({ type: 'result', subtype: 'success' });
const turn = (turnIndex: number, content: string): HarnessEvent => ({
  kind: 'ca_turn_started',
  sessionId,
  turnIndex,
  message: { role: 'user', content },
});
const asked: HarnessEvent = {
  kind: 'ca_permission_request',
  sessionId,
  callId: 'c',
  toolName: 't',
  input: 'i',
};

const never = new AbortController().signal;
const keepAlive = new TextEncoder().encode(':keepalive\n');

/** What a reader gets of a log that has ended. */
const framesOf = (log: EventLog, cursor = -1): Promise<Frame[]> =>
  allFramesOf(new Response(logStream(log, cursor, { keepAlive })));

/** Every id once, those of a gap by the frame that stands for it. */
function idsIn(frames: readonly Frame[]): number[] {
  return frames.flatMap(({ id, event }) => {
    if (event.kind !== 'ca_events_dropped') return [id];
    expect(id).toBe(event.to);
    return Array.from({ length: event.to - event.from + 1 }, (_, index) => event.from + index);
  });
}

describe('the log of events', () => {
  it('forgets the oldest beyond its size, says so, and keeps counting', async () => {
    const log = new EventLog(sessionId, 500);
    for (let n = 0; n < 100; n++) log.append(message(n));
    log.close();
    const frames = await framesOf(log);
    expect(frames.length).toBeGreaterThan(2);
    expect(frames.length).toBeLessThan(11);
    expect(frames[0]?.event).toMatchObject({ kind: 'ca_events_dropped', sessionId, from: 0 });
    expect(idsIn(frames)).toEqual(Array.from({ length: 100 }, (_, id) => id));
  });

  it('keeps all that a client must not miss, and of a turn what is small', async () => {
    const log = new EventLog(sessionId, 100);
    const many = (): void => {
      for (let n = 0; n < 50; n++) log.append(message('partial'));
    };
    log.append(turn(0, 'a picture'.repeat(1_000)));
    many();
    log.append(asked);
    many();
    log.append(result);
    many();
    log.close();
    const frames = await framesOf(log);
    expect(kindsOf(frames)).toEqual([
      'ca_turn_started',
      'ca_events_dropped',
      'ca_permission_request',
      'ca_events_dropped',
      'sdk_message',
      'ca_events_dropped',
      'sdk_message',
    ]);
    expect(frames[0]?.event).toEqual({ kind: 'ca_turn_started', sessionId, turnIndex: 0 });
    expect(frames[4]?.event).toEqual(result);
    expect(idsIn(frames)).toEqual(Array.from({ length: 153 }, (_, id) => id));
  });

  it('tells a reader of no gap that it has passed', async () => {
    const log = new EventLog(sessionId, 1);
    for (let n = 0; n < 10; n++) log.append(message(n));
    log.close();
    expect(kindsOf(await framesOf(log, 8))).toEqual(['sdk_message']);
    expect((await framesOf(log, 3))[0]?.event).toMatchObject({ from: 4, to: 8 });
    expect(await framesOf(log, 9)).toEqual([]);
  });

  it('gives every reader each id once, whatever is written and wherever it starts', async () => {
    const event = fc.oneof(
      fc.string({ maxLength: 300 }).map(message),
      fc.constant(result),
      fc.constant(asked),
      fc.string({ maxLength: 300 }).map((content) => turn(1, content)),
    );
    const events = fc.array(event, { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(events, fc.nat(3_000), fc.integer({ min: -1, max: 70 }), async (all, size, cursor) => {
        const log = new EventLog(sessionId, size);
        for (const each of all) log.append(each);
        log.close();
        const frames = await framesOf(log, cursor);
        const wanted = all.map((_, id) => id).filter((id) => id > cursor);
        expect(idsIn(frames)).toEqual(wanted);
        const control = all.flatMap(({ kind }, id) => (kind !== 'sdk_message' && id > cursor ? [id] : []));
        const got = frames.filter(({ event: { kind } }) => !/^sdk_message$|dropped/.test(kind));
        expect(got.map(({ id }) => id)).toEqual(control);
      }),
    );
  });

  it('stays small when an endless turn goes through it', async () => {
    const log = new EventLog(sessionId, 10_000);
    for (let n = 0; n < 50_000; n++) log.append(n % 10_000 === 0 ? asked : message(n));
    log.close();
    const frames = await framesOf(log);
    expect(idsIn(frames)).toHaveLength(50_000);
    expect(kindsOf(frames).filter((kind) => kind === 'ca_permission_request')).toHaveLength(5);
    expect(frames.length).toBeLessThan(300);
  });

  it('keeps an event that alone is larger than its size', async () => {
    const log = new EventLog(sessionId, 10);
    log.append(message(1));
    expect(await log.read(-1, 1_000, never)).toMatchObject({ kind: 'bytes', cursor: 0 });
  });

  it('counts what comes after its end, and gives it to nobody', async () => {
    const log = new EventLog(sessionId);
    log.append(message(0));
    log.close();
    expect(log.append(message(1))).toBe(1);
    expect(await log.read(0, 1_000, never)).toEqual({ kind: 'closed' });
  });

  it('hands a reader no more than a batch, without losing any', async () => {
    const log = new EventLog(sessionId);
    for (let n = 0; n < 10_000; n++) log.append(message(n));
    log.close();
    const first = await log.read(-1, 1_000, never);
    expect(first.kind === 'bytes' && first.bytes.byteLength).toBeLessThanOrEqual(64 * 1024);
    expect(idsIn(await framesOf(log))).toEqual(Array.from({ length: 10_000 }, (_, id) => id));
  });
});

describe('the stream of a log', () => {
  it('reads nothing ahead of its reader', async () => {
    const log = new EventLog(sessionId);
    for (let n = 0; n < 10_000; n++) log.append(message(n));
    const reads: number[] = [];
    const counting = {
      read: (...args: Parameters<EventLog['read']>) => {
        reads.push(args[0]);
        return log.read(...args);
      },
    };
    const reader = logStream(counting, -1, { keepAlive }).getReader();
    expect(reads).toEqual([]);
    await reader.read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(reads).toEqual([-1]);
    await reader.cancel();
  });

  it('ends its wait at once when its reader leaves, and says that once', async () => {
    const log = new EventLog(sessionId);
    const ends: string[] = [];
    const onEnd = (): void => void ends.push('end');
    const reader = logStream(log, -1, { keepAlive, onEnd }).getReader();
    const read = reader.read();
    await expect.poll(() => log.waiting).toBe(1);
    await reader.cancel();
    expect(await read).toMatchObject({ done: true });
    expect(log.waiting).toBe(0);
    log.close();
    expect(ends).toEqual(['end']);
  });

  it('ends when it is told to, without a word more', async () => {
    const log = new EventLog(sessionId);
    const until = new AbortController();
    const reader = logStream(log, -1, { keepAlive, until: until.signal }).getReader();
    const read = reader.read();
    await expect.poll(() => log.waiting).toBe(1);
    until.abort();
    expect(await read).toMatchObject({ done: true });
    expect(log.waiting).toBe(0);
  });
});
