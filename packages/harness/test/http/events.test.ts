import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { listen } from '../../src/boot/listen.ts';
import type { EngineRun } from '../../src/engine/engine.ts';
import { cursorOf } from '../../src/http/sse.ts';
import { rejection, TestHarness } from '../helpers/harness.ts';
import { endless, scriptedEngine } from '../helpers/scripted-engine.ts';
import { allFramesOf, framesUntil, kindsOf } from '../helpers/sse.ts';

describe('events', () => {
  it('have ids from 0 without gaps, started first and ended last, even with messages sent before', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ streamingInput: true, messages: [{ role: 'user', content: 'a' }] });
    await harness.send(id, 'b');
    await harness.request(`/v1/sessions/${id}/end-input`, { method: 'POST' });
    const frames = await harness.allFrames(id);
    expect(frames.map((frame) => frame.id)).toEqual(frames.map((_, index) => index));
    expect(kindsOf(frames).slice(0, 3)).toEqual(['ca_session_started', 'ca_turn_started', 'ca_turn_started']);
    expect(frames.at(-1)?.event).toMatchObject({ kind: 'ca_session_ended', reason: 'complete' });
    expect(frames.every(({ name, event }) => name === event.kind && event.sessionId === id)).toBe(true);
  });

  it('start the engine with the first reader, once', async () => {
    let runs = 0;
    const counting = scriptedEngine(async () => void runs++);
    await using harness = await TestHarness.start({ engines: [counting] });
    const id = await harness.create();
    expect((await harness.request(`/v1/sessions/${id}/events`, { method: 'HEAD' })).status).toBe(200);
    expect(runs).toBe(0);
    const [one, two] = await Promise.all([harness.allFrames(id), harness.allFrames(id)]);
    expect(runs).toBe(1);
    expect(one).toEqual(two);
  });

  it('replay after Last-Event-ID, or after ?lastEventId', async () => {
    await using harness = await TestHarness.start();
    const id = await harness.create({ messages: [{ role: 'user', content: 'a' }] });
    const all = await harness.allFrames(id);
    expect(await harness.allFrames(id)).toEqual(all);
    expect(await harness.allFrames(id, { 'last-event-id': '1' })).toEqual(all.slice(2));
    const byQuery = await harness.request(`/v1/sessions/${id}/events?lastEventId=2`);
    expect(await allFramesOf(byQuery)).toEqual(all.slice(3));
    expect(await harness.allFrames(id, { 'last-event-id': '9999' })).toEqual([]);
    expect(await harness.allFrames(id, { 'last-event-id': 'x' })).toEqual(all);
  });

  it('are separated by LF alone and say what they are', async () => {
    await using harness = await TestHarness.start();
    const response = await harness.events(await harness.create());
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toMatch(/^event: ca_session_started\ndata: \{.*\}\nid: 0\n\nevent: /);
  });

  it('are 404 for an unknown session', async () => {
    await using harness = await TestHarness.start();
    expect(await rejection(harness.events('nobody'))).toEqual([404, 'NOT_FOUND']);
  });
});

describe('a reader', () => {
  it('that leaves is gone, and the session goes on', async () => {
    let run: EngineRun | undefined;
    const held = scriptedEngine(async (given) => {
      run = given;
      await new Promise((resolve) => given.signal.addEventListener('abort', resolve, { once: true }));
    });
    await using harness = await TestHarness.start({ engines: [held] });
    await using server = await serving(harness);
    const id = await harness.create({ streamingInput: true });
    const reader = httpRequest({
      port: server.port,
      host: '127.0.0.1',
      path: `/v1/sessions/${id}/events`,
    }).end();
    const [response] = (await once(reader, 'response')) as [NodeJS.ReadableStream];
    await once(response, 'data');
    expect(await server.connections()).toBe(1);
    reader.destroy();
    await server.noConnections();
    expect(run?.signal.aborted).toBe(false);
    run?.message('still here');
    const frames = await framesUntil(await harness.events(id), ({ event }) => event.kind === 'sdk_message');
    expect(frames).toHaveLength(2);
  });

  it('gets a comment while nothing happens', async () => {
    await using harness = await TestHarness.start({ engines: [endless], keepAliveMs: 5 });
    const id = await harness.create({ streamingInput: true });
    let text = '';
    const body = (await harness.events(id)).body?.pipeThrough(new TextDecoderStream());
    // One may come before the first event, too.
    for await (const chunk of body ?? []) if (/id: 0\n\n(:keepalive\n){2}/.test((text += chunk))) break;
    expect(text).toMatch(/^(:keepalive\n)*event: ca_session_started\n/);
    await harness.request(`/v1/sessions/${id}/cancel`, { method: 'POST' });
  });

  it('starts where it says it stopped', () => {
    expect([cursorOf('7'), cursorOf(undefined), cursorOf('-3'), cursorOf('1e3'), cursorOf('')]).toEqual([
      7, -1, -1, -1, -1,
    ]);
  });
});

/** A harness on a port, and how many connections it has. */
async function serving(harness: TestHarness) {
  const listening = await listen(harness.app, '127.0.0.1', 0);
  const { server, port } = listening;
  const connections = () =>
    new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
  const noConnections = async (): Promise<void> => {
    while ((await connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
  };
  return { port, connections, noConnections, [Symbol.asyncDispose]: () => listening.close() };
}
