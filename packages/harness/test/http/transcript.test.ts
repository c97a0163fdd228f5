import type { TranscriptLine } from '@computeragent/protocol';
import { describe, expect, it } from 'vitest';
import type { EngineRun } from '../../src/engine/engine.ts';
import { rejection, TestHarness } from '../helpers/harness.ts';
import { type Known, remembering } from '../helpers/remembering-engine.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';
import { framesUntil } from '../helpers/sse.ts';

const host = { kind: 'host' };
const key = { projectKey: 'any', sessionId: 'engine-of-mine' };

/** What of a harness's answer came: lines, and empty ones that keep the connection open. */
async function linesOf(response: Promise<Response>): Promise<TranscriptLine[]> {
  const settled = await response;
  expect([settled.status, settled.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  return parsed(await settled.text());
}

function parsed(text: string): TranscriptLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TranscriptLine);
}

const seed = (harness: TestHarness, id: string, body: string) =>
  harness.request(`/v1/transcripts/${id}`, { method: 'PUT', body });

const ndjson = (lines: readonly unknown[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

const transcript = (harness: TestHarness, query = '') =>
  harness.request(`/v1/sessions/mine/transcript${query}`);

/** A harness whose engine is in the test's hands. */
async function held(deps: Parameters<typeof TestHarness.start>[0] = {}) {
  const { promise, resolve } = Promise.withResolvers<EngineRun>();
  const engine = scriptedEngine(async (run) => {
    resolve(run);
    for await (const _ of run.input);
  });
  const harness = await TestHarness.start({ engines: [engine], ...deps });
  await harness.create({ sessionId: 'mine', sessionStore: host, streamingInput: true });
  const events = await harness.events('mine');
  await framesUntil(events, ({ event }) => event.kind === 'ca_session_started');
  const end = () => harness.request('/v1/sessions/mine/end-input', { method: 'POST' });
  const [asyncDispose] = [() => harness[Symbol.asyncDispose]()];
  return { harness, run: await promise, end, [Symbol.asyncDispose]: asyncDispose };
}

describe('the host’s store', () => {
  it('lets a session on a new harness go on with what the host kept of an earlier one', async () => {
    let kept: TranscriptLine[] = [];
    const said = ['one', 'two', 'three'];
    for (const [round, content] of said.entries()) {
      await using harness = await TestHarness.start({ engines: [remembering] });
      const put = await seed(
        harness,
        'mine',
        ndjson(kept.map(({ key: of, entries }) => ({ key: of, entries }))),
      );
      expect(await put.json()).toMatchObject({ ok: true, lines: kept.length });
      const messages = [{ role: 'user', content }];
      await harness.create({ sessionId: 'mine', messages, sessionStore: host });
      const frames = await harness.allFrames('mine');
      const payload = frames.find(({ event }) => event.kind === 'sdk_message')?.event;
      const { known, subpaths } = (payload as unknown as { readonly payload: Known }).payload;
      expect(known?.map(({ content }) => content) ?? []).toEqual(said.slice(0, round));
      expect(subpaths).toEqual(round === 0 ? [] : ['subagents/one']);
      const lines = await linesOf(transcript(harness));
      expect(lines.map(({ seq }) => seq)).toEqual([1, 2]);
      // Not the working directory's: a later engine would look for another one.
      expect(lines.every((line) => line.key.projectKey === 'computeragent')).toBe(true);
      kept = [...kept, ...lines];
    }
  });

  it('keeps each line until the host says that it has it', async () => {
    await using session = await held();
    const { harness, run } = session;
    for (const n of [1, 2, 3]) await run.store?.append(key, [{ type: 'x', n }]);
    const seqs = async (query: string) => (await linesOf(transcript(harness, query))).map(({ seq }) => seq);
    expect(await seqs('')).toEqual([1, 2, 3]);
    expect(await seqs('?after=0')).toEqual([1, 2, 3]);
    expect(await seqs('?after=2')).toEqual([3]);
    expect(await seqs('?after=0')).toEqual([3]);
    expect(await seqs('?after=3')).toEqual([]);
    for (const after of ['4', '-1', 'x', '1.5']) {
      expect(await rejection(transcript(harness, `?after=${after}`))).toEqual([400, 'VALIDATION']);
    }
  });

  it('is followed to the session’s end, which comes after its last line', async () => {
    await using session = await held();
    const { harness, run, end } = session;
    const following = linesOf(transcript(harness, '?follow=1'));
    for (let n = 1; n <= 500; n += 1) await run.store?.append(key, [{ type: 'x', n, text: 'y'.repeat(300) }]);
    await end();
    const lines = await following;
    expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
    expect(lines.at(-1)).toMatchObject({ key: { sessionId: key.sessionId }, entries: [{ n: 500 }] });
    expect(await linesOf(transcript(harness, '?after=499&follow=1'))).toHaveLength(1);
  });

  it('sends an empty line while nothing happens, and leaves no wait behind', async () => {
    await using session = await held({ keepAliveMs: 5 });
    const { harness, run } = session;
    const reader = (await transcript(harness, '?follow=1')).body?.getReader();
    expect((await reader?.read())?.value).toEqual(new TextEncoder().encode('\n'));
    await run.store?.append(key, [{ type: 'x' }]);
    let text = '';
    while (parsed(text).length === 0) text += new TextDecoder().decode((await reader?.read())?.value);
    expect(parsed(text)).toMatchObject([{ seq: 1 }]);
    await reader?.cancel();
  });

  it('flushes: what the engine wrote before is there after', async () => {
    await using session = await held();
    const { harness, run } = session;
    const flush = async () => (await harness.request('/v1/sessions/mine/flush', { method: 'POST' })).json();
    expect(await flush()).toEqual({ ok: true, seq: 0 });
    void run.store?.append(key, [{ type: 'x' }]);
    void run.store?.append(key, [{ type: 'x' }]);
    expect(await flush()).toEqual({ ok: true, seq: 2 });
    expect(await linesOf(transcript(harness))).toHaveLength(2);
  });

  it('does not send again what the host has given', async () => {
    await using harness = await TestHarness.start({ engines: [remembering] });
    const known = { type: 'user', uuid: 'uuid-of-a', content: 'a' };
    await seed(harness, 'mine', ndjson([{ key, entries: [known] }]));
    const messages = [{ role: 'user', content: 'a' }];
    await harness.create({ sessionId: 'mine', messages, sessionStore: host });
    await harness.allFrames('mine');
    expect(await linesOf(transcript(harness))).toMatchObject([{ seq: 1, key: { subpath: 'subagents/one' } }]);
  });
});

describe('a transcript that is given', () => {
  it('is refused while a session of its id is at work', async () => {
    await using session = await held();
    const { harness, end } = session;
    expect(await rejection(seed(harness, 'mine', ''))).toEqual([409, 'CONFLICT']);
    await end();
    await harness.allFrames('mine');
    expect((await seed(harness, 'mine', '')).status).toBe(200);
  });

  it.each([
    ['no NDJSON', '{"key":'],
    ['a line without entries', '{"key":{"projectKey":"p","sessionId":"s"}}'],
    ['an entry that is no object', '{"key":{"projectKey":"p","sessionId":"s"},"entries":["x"]}'],
    ['a key of nobody', '{"key":{"projectKey":"p"},"entries":[]}'],
  ])('is refused when it is %s', async (_what, body) => {
    await using harness = await TestHarness.start();
    expect(await rejection(seed(harness, 'mine', body))).toEqual([400, 'VALIDATION']);
  });

  it('is refused for an id that no session can have', async () => {
    await using harness = await TestHarness.start();
    expect(await rejection(seed(harness, '..%2f..', ''))).toEqual([400, 'VALIDATION']);
  });

  it('waits while the creation of its session fails, and is used once', async () => {
    await using harness = await TestHarness.start({ engines: [remembering] });
    await seed(harness, 'mine', ndjson([{ key, entries: [{ type: 'user', uuid: 'u', content: 'a' }] }]));
    const body = { sessionId: 'mine', sessionStore: host };
    const failed = harness.tryCreate({ ...body, attachments: [{ path: '../x', content: '' }] });
    expect(await rejection(failed)).toEqual([400, 'PATH_ESCAPE']);
    for (const known of [[expect.objectContaining({ uuid: 'u' })], null]) {
      await harness.create(body);
      const frames = await harness.allFrames('mine');
      expect(frames[1]?.event).toMatchObject({ payload: { known } });
    }
  });
});

describe('a session whose store is not on the host', () => {
  it('has no transcript for it, and nothing to flush', async () => {
    await using harness = await TestHarness.start({ engines: [remembering] });
    await harness.create({ sessionId: 'mine', messages: [{ role: 'user', content: 'a' }] });
    expect(await rejection(transcript(harness))).toEqual([404, 'NOT_FOUND']);
    const flush = () => harness.request('/v1/sessions/mine/flush', { method: 'POST' });
    expect(await (await flush()).json()).toEqual({ ok: true, seq: 0 });
    await harness.allFrames('mine');
    const messages = [{ role: 'user', content: 'a' }];
    await harness.create({ sessionId: 'mine', messages, sessionStore: { kind: 'memory' } });
    await harness.allFrames('mine');
    expect(await (await flush()).json()).toEqual({ ok: true, seq: 2 });
  });
});
