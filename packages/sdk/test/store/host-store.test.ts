import { describe, expect, it } from 'vitest';
import { answerAt, reject, type Reply } from '../helpers/scripted-harness.ts';
import { record, storedHarness } from '../helpers/stored-harness.ts';

describe('a host-side store', () => {
  it('gives its conversation to the harness before the session is made, and asks for that store', async () => {
    await using stored = await storedHarness(record({ n: 1 }), record({ n: 2 }));
    const { harness, transcript } = stored;
    await using agent = stored.agent({ sessionId: 's1' });
    await agent.chat('hi');
    expect(transcript.seeds).toEqual([{ id: 's1', lines: [record({ n: 1 }), record({ n: 2 })] }]);
    expect(harness.seen.slice(0, 2).map(({ url }) => url)).toEqual(['/v1/transcripts/s1', '/v1/sessions']);
    expect(harness.seen[0]?.headers['content-type']).toBe('application/x-ndjson');
    expect(JSON.parse(harness.seen[1]?.body ?? '')).toMatchObject({
      sessionId: 's1',
      sessionStore: { kind: 'host' },
    });
  });

  it('that is empty sends nothing, and a session without a name gets one', async () => {
    await using stored = await storedHarness();
    const { harness, transcript } = stored;
    await using agent = stored.agent();
    await agent.ensureSession();
    expect(transcript.seeds).toEqual([]);
    const { sessionId } = JSON.parse(harness.sent('POST /v1/sessions')[0]?.body ?? '') as {
      sessionId: string;
    };
    expect(sessionId).toMatch(/^sess_[0-9a-f]{12}$/);
  });

  it('gets each line once, in order, also where the connection breaks', async () => {
    await using stored = await storedHarness();
    const { harness, transcript, sessionStore } = stored;
    await using agent = stored.agent();
    await agent.ensureSession();
    transcript.write({ n: 1 });
    transcript.write({ n: 2 }, { n: 3 });
    await harness.until('GET /transcript');
    while (sessionStore.records.length < 2) await new Promise((resolve) => setImmediate(resolve));
    transcript.break();
    transcript.write({ n: 4 });
    await harness.until('GET /transcript', 2);
    await agent.dispose();
    expect(sessionStore.records).toEqual([record({ n: 1 }), record({ n: 2 }, { n: 3 }), record({ n: 4 })]);
    expect(transcript.asked.slice(0, 2)).toEqual([0, 2]);
  });

  it('is waited for by dispose, up to its last write', async () => {
    await using stored = await storedHarness();
    const { harness, transcript, sessionStore } = stored;
    const writing = Promise.withResolvers<void>();
    const { append } = sessionStore;
    sessionStore.append = async (id, records) => {
      await writing.promise;
      await append(id, records);
    };
    const agent = stored.agent();
    await agent.ensureSession();
    // The flush answers with a line that the engine writes only then.
    transcript.behind = 1;
    let disposed = false;
    const disposing = agent.dispose().then(() => (disposed = true));
    await harness.until('POST /flush');
    transcript.write({ last: true });
    expect(disposed).toBe(false);
    writing.resolve();
    await disposing;
    expect(sessionStore.records).toEqual([record({ last: true })]);
  });

  it('gets what the engine writes when it ends', async () => {
    await using stored = await storedHarness();
    const { harness, transcript, sessionStore } = stored;
    const agent = stored.agent();
    await agent.ensureSession();
    await harness.until('GET /transcript');
    // Its input ends, and only then it says the last of it, and its session ends.
    harness.reply = (response, seen) => {
      if (!seen.url.endsWith('/end-input')) return transcript.reply(response, seen);
      void (async () => {
        for (let i = 0; i < 500; i++) await new Promise((resolve) => setImmediate(resolve));
        transcript.write({ last: true });
        transcript.end();
      })();
      return false;
    };
    await agent.dispose();
    expect(sessionStore.records).toEqual([record({ last: true })]);
    const order = harness.seen.map(({ url }) => url.split('/').at(-1));
    expect(order.indexOf('flush')).toBeGreaterThan(order.indexOf('end-input'));
  });

  it('that fails ends the turn and the session, and is told by dispose, too', async () => {
    await using stored = await storedHarness();
    const { harness, transcript, sessionStore } = stored;
    harness.onMessage = () => transcript.write({ n: 1 });
    sessionStore.append = () => Promise.reject(new Error('disk full'));
    const agent = stored.agent();
    const failure = {
      name: 'SessionStoreError',
      code: 'STORE_FAILED',
      message: expect.stringContaining('disk full'),
    };
    await expect(agent.chat('hi')).rejects.toMatchObject(failure);
    await harness.until('POST /cancel');
    await expect(agent.dispose()).rejects.toMatchObject(failure);
  });

  it('that cannot be loaded makes no session', async () => {
    await using stored = await storedHarness(record({ n: 1 }));
    const { harness, sessionStore } = stored;
    sessionStore.load = () => {
      throw new Error('no such disk');
    };
    await using agent = stored.agent();
    await expect(agent.chat('hi')).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(harness.seen).toEqual([]);
  });

  it('whose last lines never come is told by dispose, after the shutdown', async () => {
    await using stored = await storedHarness();
    const { harness, transcript } = stored;
    transcript.behind = 1;
    let down = false;
    const agent = stored.agent({
      harnessUrl: 'http://127.0.0.1:1',
      timeouts: { flushMs: 30 },
      runtime: {
        bootHarness: async () => ({
          baseUrl: harness.url,
          shutdown: async () => void (down = true),
        }),
      },
    });
    await agent.ensureSession();
    await expect(agent.dispose()).rejects.toMatchObject({ code: 'TRANSCRIPT_LOST' });
    expect(down).toBe(true);
  });

  it('goes on in a new session where the old one was cancelled', async () => {
    await using stored = await storedHarness();
    const { harness, transcript } = stored;
    harness.onMessage = (message, turn) => {
      transcript.write({ text: message.content });
      if (turn > 0) harness.answer(message, turn);
    };
    await using agent = stored.agent({ sessionId: 's1' });
    const first = agent.chat('one');
    await harness.until('GET /events');
    await first.cancel();
    expect((await first).ended.reason).toBe('cancelled');
    // The scripted harness has one log of events; a new session would begin another.
    harness.restart();
    const { messages } = await agent.chat('two');
    expect(messages.at(-1)).toEqual({ type: 'result', result: 'done: two' });
    expect(harness.sent('DELETE ')).toHaveLength(1);
    expect(transcript.seeds).toEqual([{ id: 's1', lines: [record({ text: 'one' })] }]);
  });

  it('asks an ended session once more, and then only when it is to know the end', async () => {
    await using stored = await storedHarness();
    const { harness, transcript, sessionStore } = stored;
    const agent = stored.agent();
    await agent.ensureSession();
    await harness.until('GET /transcript');
    transcript.write({ n: 1 });
    transcript.over = true;
    transcript.end();
    await harness.until('GET /transcript', 2);
    for (let i = 0; i < 3; i++) await agent.fetchArtifact('x');
    expect(transcript.asked).toEqual([0, 1]);
    transcript.write({ n: 2 });
    await agent.dispose();
    expect(sessionStore.records).toEqual([record({ n: 1 }), record({ n: 2 })]);
  });

  it('has lost nothing where the harness has told all, and then forgotten the session', async () => {
    await using stored = await storedHarness();
    const { harness, transcript } = stored;
    await using agent = stored.agent();
    await agent.ensureSession();
    await harness.until('GET /transcript');
    transcript.write({ n: 1 });
    transcript.over = true;
    transcript.end();
    await harness.until('GET /transcript', 2);
    const gone: Reply = (response) => Boolean(reject(response, 404, 'NOT_FOUND', 'gone')) || true;
    harness.reply = gone;
    await expect(agent.chat('one')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const chat = agent.chat('two').result();
    await harness.until('DELETE ');
    transcript.over = false;
    harness.reply = transcript.reply;
    expect((await chat).ended.reason).toBe('complete');
    expect(transcript.seeds.map(({ lines }) => lines)).toEqual([[record({ n: 1 })]]);
  });

  it('is no store of a harness that does not know it', async () => {
    await using stored = await storedHarness(record({}));
    stored.harness.reply = answerAt('/v1/transcripts/s1', (response) =>
      response.writeHead(404).end('404 Not Found'),
    );
    await using agent = stored.agent({ sessionId: 's1' });
    await expect(agent.chat('hi')).rejects.toMatchObject({
      code: 'HTTP_404',
      message: expect.stringContaining('host-side stores'),
    });
  });
});
