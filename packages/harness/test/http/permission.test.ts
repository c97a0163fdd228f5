import { describe, expect, it } from 'vitest';
import type { PermissionAnswer } from '../../src/engine/engine.ts';
import { rejection, TestHarness } from '../helpers/harness.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';
import { framesUntil, kindsOf } from '../helpers/sse.ts';

const INPUT = { file_path: '/a', content: 'x' };

/** A harness whose engine asks once, and what it was answered. */
async function asking(limits: { permissionMs?: number; unattendedMs?: number } = {}) {
  const answers: PermissionAnswer[] = [];
  const engine = scriptedEngine(async ({ askPermission }) => {
    answers.push(await askPermission({ callId: 'call_1', toolName: 'Write', input: INPUT, risk: 'medium' }));
  });
  const harness = await TestHarness.start({ engines: [engine], limits });
  const id = await harness.create({ streamingInput: true });
  const events = await harness.events(id);
  const answer = (body: unknown) => harness.post(`/v1/sessions/${id}/permission/call_1`, body);
  return {
    harness,
    id,
    events,
    answers,
    answer,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

describe('a permission request', () => {
  it.each([
    [{ decision: 'allow' }, { behavior: 'allow', updatedInput: INPUT }],
    [
      { decision: 'allow', input: { a: 1 } },
      { behavior: 'allow', updatedInput: { a: 1 } },
    ],
    [
      { decision: 'modify', input: { b: 2 } },
      { behavior: 'allow', updatedInput: { b: 2 } },
    ],
    [
      { decision: 'deny', reason: 'no' },
      { behavior: 'deny', message: 'no', interrupt: false },
    ],
    [{ decision: 'deny' }, { behavior: 'deny', message: 'denied by user', interrupt: false }],
  ])('answered with %j reaches the engine as %j', async (body, expected) => {
    await using asked = await asking();
    const { harness, id } = asked;
    const asksNow = await framesUntil(asked.events, ({ event }) => event.kind === 'ca_permission_request');
    expect(asksNow.at(-1)?.event).toMatchObject({
      callId: 'call_1',
      toolName: 'Write',
      input: INPUT,
      risk: 'medium',
    });
    expect((await asked.answer(body)).status).toBe(200);
    const frames = await harness.allFrames(id);
    expect(kindsOf(frames).slice(-2)).toEqual(['ca_permission_decision', 'ca_session_ended']);
    expect(asked.answers).toEqual([expected]);
  });

  it('takes one answer', async () => {
    await using asked = await asking();
    await framesUntil(asked.events, ({ event }) => event.kind === 'ca_permission_request');
    await asked.answer({ decision: 'allow' });
    expect(await rejection(asked.answer({ decision: 'deny' }))).toEqual([400, 'UNKNOWN_CALL_ID']);
  });

  it('refuses an answer that is none', async () => {
    await using asked = await asking();
    await framesUntil(asked.events, ({ event }) => event.kind === 'ca_permission_request');
    expect(await rejection(asked.answer({ decision: 'maybe' }))).toEqual([400, 'VALIDATION']);
    expect(asked.answers).toEqual([]);
  });

  it('is denied when nobody answers in time, and its readers are told', async () => {
    await using asked = await asking({ permissionMs: 10 });
    const frames = await framesUntil(asked.events, ({ event }) => event.kind === 'ca_session_ended');
    expect(asked.answers).toMatchObject([{ behavior: 'deny', interrupt: false }]);
    expect(frames.at(-2)?.event).toMatchObject({
      kind: 'ca_permission_decision',
      callId: 'call_1',
      decision: 'deny',
      reason: expect.stringContaining('10 ms'),
    });
  });

  it('is denied when its readers have left for too long, not while one is there', async () => {
    await using asked = await asking({ unattendedMs: 20 });
    const { harness, id } = asked;
    await framesUntil(asked.events, ({ event }) => event.kind === 'ca_permission_request');
    const reader = (await harness.events(id)).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await expect.poll(() => asked.answers).toMatchObject([{ behavior: 'deny' }]);
    const decision = (await harness.allFrames(id)).at(-2)?.event;
    expect(decision).toMatchObject({ reason: expect.stringContaining('nobody read') });
  });

  it('is denied when the session is cancelled', async () => {
    await using asked = await asking();
    await framesUntil(asked.events, ({ event }) => event.kind === 'ca_permission_request');
    await asked.harness.request(`/v1/sessions/${asked.id}/cancel`, { method: 'POST' });
    await asked.harness.allFrames(asked.id);
    expect(asked.answers).toEqual([{ behavior: 'deny', message: 'session cancelled', interrupt: false }]);
  });

  it.each([
    ['always', 'low', true],
    ['destructive', 'medium', undefined],
    ['destructive', 'high', true],
    ['none', 'destructive', undefined],
  ] as const)(
    'says whether a person must decide: supervised %s, risk %s',
    async (supervision, risk, expected) => {
      const engine = scriptedEngine(async ({ askPermission }) => {
        await askPermission({ callId: 'c', toolName: 'Write', input: INPUT, risk });
      });
      await using harness = await TestHarness.start({ engines: [engine] });
      const compliance = { supervision: { human_in_the_loop: supervision } };
      const source = { type: 'inline', manifest: { name: 'n', version: '1.0.0', compliance } };
      const id = await harness.create({
        identity: { loader: 'gitagentprotocol', source },
        streamingInput: true,
      });
      const frames = await framesUntil(
        await harness.events(id),
        ({ name }) => name === 'ca_permission_request',
      );
      const event = frames.at(-1)?.event;
      expect(event?.kind === 'ca_permission_request' && event.requiresHuman).toBe(expected);
    },
  );
});
