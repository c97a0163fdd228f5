import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { listen } from '../../src/boot/listen.ts';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';
import { endless } from '../helpers/scripted-engine.ts';
import { allFramesOf, framesOf, kindsOf } from '../helpers/sse.ts';

const chat = (harness: TestHarness, body: Readonly<Record<string, unknown>> = {}) =>
  harness.post('/v1/chat', { ...inlineAgent(), ...body });

describe('one chat', () => {
  it('is a session from its start to its end, in one answer, and gone afterwards', async () => {
    await using harness = await TestHarness.start();
    const messages = [{ role: 'user', content: 'hello' }];
    const response = await chat(harness, { messages, sessionId: 'mine' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const frames = await allFramesOf(response);
    expect(kindsOf(frames)).toEqual([
      'ca_session_started',
      'ca_turn_started',
      'sdk_message',
      'ca_usage_snapshot',
      'sdk_message',
      'ca_session_ended',
    ]);
    expect(frames.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await rejection(harness.request('/v1/sessions/mine/fs/tree'))).toEqual([404, 'NOT_FOUND']);
    expect(await harness.workdirs()).toEqual([]);
  });

  it('rejects what is wrong before it streams', async () => {
    await using harness = await TestHarness.start();
    expect(await rejection(harness.post('/v1/chat', {}))).toEqual([400, 'VALIDATION']);
    expect(await rejection(chat(harness, { engine: 'other' }))).toEqual([400, 'UNKNOWN_ENGINE']);
    expect(await harness.workdirs()).toEqual([]);
  });

  it('can be talked to while it lasts, and stays open until its input ends', async () => {
    await using harness = await TestHarness.start();
    const response = await chat(harness, { sessionId: 'mine', streamingInput: true });
    const kinds: string[] = [];
    for await (const { event } of framesOf(response)) {
      kinds.push(event.kind);
      if (event.kind === 'ca_session_started') await harness.send('mine', 'hello');
      if (event.kind === 'ca_usage_snapshot') {
        await harness.request('/v1/sessions/mine/end-input', { method: 'POST' });
      }
    }
    expect(kinds.at(-1)).toBe('ca_session_ended');
    expect(kinds).toContain('ca_turn_started');
  });

  it('is kept open while nothing happens', async () => {
    await using harness = await TestHarness.start({ engines: [endless], keepAliveMs: 5 });
    let text = '';
    const body = (await chat(harness)).body?.pipeThrough(new TextDecoderStream());
    for await (const chunk of body ?? []) if ((text += chunk).includes(':keepalive\n')) break;
    await expect.poll(() => harness.workdirs()).toEqual([]);
  });

  it.each(['at once', 'while it reads'])('ends when its reader leaves, %s', async (when) => {
    await using harness = await TestHarness.start({ engines: [endless] });
    const listening = await listen(harness.app, '127.0.0.1', 0);
    const headers = { 'content-type': 'application/json' };
    const asked = httpRequest({ port: listening.port, method: 'POST', path: '/v1/chat', headers });
    asked.end(JSON.stringify({ ...inlineAgent(), sessionId: 'mine' }));
    const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
    if (when === 'while it reads') await once(response, 'data');
    asked.on('error', () => undefined).destroy();
    await expect.poll(() => harness.workdirs()).toEqual([]);
    expect(await rejection(harness.request('/v1/sessions/mine'))).toEqual([404, 'NOT_FOUND']);
    await listening.close();
  });
});
