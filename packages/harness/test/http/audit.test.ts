import { describe, expect, it } from 'vitest';
import type { AuditRecord, AuditSink } from '../../src/session/init.ts';
import { TestHarness } from '../helpers/harness.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';

const messages = [{ role: 'user', content: 'hello' }];

describe('an audit sink', () => {
  it('is told every event as it is, in order', async () => {
    const records: AuditRecord[] = [];
    const auditSink: AuditSink = { onEvent: (record) => void records.push(record) };
    await using harness = await TestHarness.start({ auditSink });
    const before = Date.now();
    const id = await harness.create({ messages });
    const frames = await harness.allFrames(id);
    expect(records.map(({ eventId, event }) => ({ id: eventId, event }))).toEqual(
      frames.map(({ id: eventId, event }) => ({ id: eventId, event })),
    );
    expect(records.every(({ sessionId }) => sessionId === id)).toBe(true);
    for (const { timestamp } of records) {
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(timestamp).toBeLessThanOrEqual(Date.now());
    }
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('full'))],
  ])('that %s changes nothing but the log', async (_what, onEvent) => {
    const logged: unknown[] = [];
    const log = (event: string, fields: unknown): void =>
      void (event === 'audit.failed' && logged.push(fields));
    await using harness = await TestHarness.start({ auditSink: { onEvent }, log });
    const frames = await harness.allFrames(await harness.create({ messages }));
    expect(frames.at(-1)?.event).toMatchObject({ reason: 'complete' });
    await expect.poll(() => logged).toHaveLength(frames.length);
    expect(logged[0]).toMatchObject({ eventId: 0, message: 'full' });
  });

  it('sees what an engine still does after its session was given up', async () => {
    const records: AuditRecord[] = [];
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const deaf = scriptedEngine(async ({ message }) => {
      await over;
      message({ type: 'assistant', content: 'late' });
    });
    const auditSink: AuditSink = { onEvent: (record) => void records.push(record) };
    await using harness = await TestHarness.start({ engines: [deaf], auditSink, limits: { cancelMs: 5 } });
    const id = await harness.create({ streamingInput: true });
    const events = harness.allFrames(id);
    await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' });
    expect(await events).toHaveLength(2);
    resolve();
    await expect.poll(() => records).toHaveLength(3);
    expect(records[2]).toMatchObject({ eventId: 2, event: { payload: { content: 'late' } } });
    expect(await harness.allFrames(id)).toHaveLength(2);
  });
});
