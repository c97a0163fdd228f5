import { describe, expect, it } from 'vitest';
import { TestHarness } from '../helpers/harness.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';
import { framesUntil, kindsOf } from '../helpers/sse.ts';

describe('cancelling', () => {
  it('ends a session before it has started', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ streamingInput: true });
    expect((await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' })).status).toBe(200);
    const frames = await harness.allFrames(id);
    expect(kindsOf(frames)).toEqual(['ca_session_started', 'ca_session_ended']);
    expect(frames[1]?.event).toMatchObject({ reason: 'cancelled' });
    const info = await harness.request(`/v1/sessions/${id}`);
    expect(await info.json()).toMatchObject({ status: 'cancelled' });
  });

  it('ends a session whose engine does not listen', async () => {
    const deaf = scriptedEngine(() => new Promise(() => undefined));
    await using harness = await TestHarness.start({ engines: [deaf], limits: { cancelMs: 10 } });
    const id = await harness.create({ streamingInput: true });
    const events = await harness.events(id);
    await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' });
    const frames = await framesUntil(events, ({ event }) => event.kind === 'ca_session_ended');
    expect(frames.at(-1)?.event).toMatchObject({ reason: 'cancelled' });
  });

  it('does nothing to a session that has ended', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create();
    await harness.allFrames(id);
    expect((await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' })).status).toBe(200);
    expect(await (await harness.request(`/v1/sessions/${id}`)).json()).toMatchObject({ status: 'completed' });
  });
});

describe('an engine that fails', () => {
  it('ends the session with its message, without the session’s secrets', async () => {
    const failing = scriptedEngine(async () => {
      throw new Error('the key sk-ant-secret is not valid');
    });
    await using harness = await TestHarness.start({ engines: [failing] });
    const id = await harness.create({ envs: { ANTHROPIC_API_KEY: 'sk-ant-secret' } });
    const frames = await harness.allFrames(id);
    expect(frames.at(-1)?.event).toMatchObject({ reason: 'error', errorMessage: 'the key *** is not valid' });
    expect(await (await harness.request(`/v1/sessions/${id}`)).json()).toMatchObject({ status: 'errored' });
  });
});
