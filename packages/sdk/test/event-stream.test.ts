import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { agentOn, kindsOf } from './helpers/agent.ts';
import { answerAt, reject, ScriptedHarness } from './helpers/scripted-harness.ts';

describe('a broken connection', () => {
  it('is taken up again after the last event seen, with nothing lost or repeated', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => {
      harness.emit({ kind: 'ca_turn_started', turnIndex: 0 });
      harness.say({ n: 1 });
    };
    await using agent = agentOn(harness.url);
    const chat = agent.chat('hi');
    for await (const event of chat) if (event.kind === 'sdk_message') break;
    harness.breakStreams();
    harness.say({ n: 2 });
    await harness.until('GET /events', 2);
    harness.say({ type: 'result' });
    expect((await chat).messages).toEqual([{ n: 1 }, { n: 2 }, { type: 'result' }]);
    expect(harness.sent('GET /events').map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      '1',
    ]);
  });

  it('skips events that a harness sends twice', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => harness.say({ n: 1 });
    await using agent = agentOn(harness.url);
    const chat = agent.chat('hi');
    for await (const _ of chat) break;
    harness.say({ type: 'result' });
    harness.reply = (_, seen) => void delete seen.headers['last-event-id'];
    harness.breakStreams();
    expect((await chat).messages).toEqual([{ n: 1 }, { type: 'result' }]);
  });

  it('is given up after so many tries in a row, and the session cancelled', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/events', (response) => response.destroy());
    await using agent = agentOn(harness.url, { reconnect: { attempts: 3, pauseMs: 1 } });
    await expect(agent.chat('hi')).rejects.toMatchObject({
      name: 'HarnessConnectionError',
      code: 'UNREACHABLE',
    });
    expect(harness.sent('GET /events')).toHaveLength(4);
    await harness.until('POST /cancel');
  });

  it('may break more often than that when events come in between', async () => {
    await using harness = await ScriptedHarness.start();
    let stream: ServerResponse | undefined;
    harness.reply = (response, { url }) => {
      if (url.endsWith('/events')) stream = response;
      return false;
    };
    harness.onMessage = () => harness.say({ n: 0 });
    await using agent = agentOn(harness.url, { reconnect: { attempts: 1, pauseMs: 1 } });
    const chat = agent.chat('hi');
    let n = 0;
    for await (const event of chat) {
      if (event.kind !== 'sdk_message') continue;
      n += 1;
      if (n > 5) break;
      stream?.destroy();
      if (n < 5) harness.say({ n });
      else harness.say({ type: 'result' });
    }
    expect((await chat).messages).toHaveLength(6);
  });

  it('is tried again behind a proxy that has lost the harness', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/events', (response) => response.writeHead(503).end('gone'), 2);
    await using agent = agentOn(harness.url);
    expect((await agent.chat('hi')).ended.reason).toBe('complete');
    expect(harness.sent('GET /events')).toHaveLength(3);
  });

  it('rejects where events were lost, rather than to wait for an answer that was among them', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = (message, turn) => {
      harness.answer(message, turn);
      harness.forget(2);
    };
    await using agent = agentOn(harness.url);
    await expect(agent.chat('hi')).rejects.toMatchObject({
      code: 'EVENTS_LOST',
      message: 'events 0 to 1 are no longer kept',
    });
    // Asked for once more, in case they were lost on the way.
    expect(harness.sent('GET /events')).toHaveLength(2);
  });
});

describe('a stream', () => {
  it('that ends early is taken up again, like one that breaks', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => harness.say({ n: 1 });
    await using agent = agentOn(harness.url);
    const chat = agent.chat('hi');
    for await (const _ of chat) break;
    harness.endStreams();
    await harness.until('GET /events', 2);
    harness.say({ type: 'result' });
    expect((await chat).messages).toEqual([{ n: 1 }, { type: 'result' }]);
  });

  it.each([
    ['at once when the session is over', 'errored', 3],
    ['after so many tries in a row', 'running', 3],
  ])('that has ended before its turn rejects %s, after what came', async (_, status, requests) => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => harness.say({ n: 1 });
    await using agent = agentOn(harness.url, { reconnect: { attempts: 2, pauseMs: 1 } });
    const chat = agent.chat('hi');
    for await (const _ of chat) break;
    harness.status = status;
    harness.reply = answerAt('/events', (response) => response.writeHead(200).end());
    harness.endStreams();
    await expect(chat).rejects.toMatchObject({ code: 'STREAM_ENDED' });
    await expect(kindsOf(chat)).rejects.toMatchObject({ code: 'STREAM_ENDED' });
    await expect(agent.chat('next')).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    expect(harness.sent('GET /events')).toHaveLength(requests);
  });

  it('that falls silent is opened again, and again, until the harness speaks', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => harness.say({ n: 1 });
    const reconnect = { attempts: 1, pauseMs: 1, idleMs: 20 };
    await using agent = agentOn(harness.url, { reconnect });
    const chat = agent.chat('hi').result();
    await harness.until('GET /events', 5);
    harness.say({ type: 'result' });
    expect((await chat).messages).toEqual([{ n: 1 }, { type: 'result' }]);
  });

  it('that lacks an event on its way is asked for it again', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = (message, turn) => {
      harness.answer(message, turn);
      // The first stream is sent without event 1; the harness still has it.
      harness.hold(1);
    };
    await using agent = agentOn(harness.url);
    expect((await agent.chat('hi')).messages).toHaveLength(2);
    expect(harness.sent('GET /events').map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      '0',
    ]);
  });

  it('tells what the harness has dropped, and goes on', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = (message, turn) => {
      for (let n = 0; n < 3; n++) harness.say({ n });
      harness.answer(message, turn);
      harness.drop(0, 2);
    };
    await using agent = agentOn(harness.url);
    const chat = agent.chat('hi');
    expect((await kindsOf(chat))[0]).toBe('ca_events_dropped');
    expect(await chat).toMatchObject({ dropped: 3, messages: [{ type: 'assistant' }, { type: 'result' }] });
    expect(harness.sent('GET /events')).toHaveLength(1);
  });

  it('that is rejected rejects at once', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/events', (response) =>
      reject(response, 404, 'NOT_FOUND', 'session s1 not found'),
    );
    await using agent = agentOn(harness.url);
    await expect(agent.chat('hi')).rejects.toMatchObject({ code: 'NOT_FOUND', status: 404 });
    expect(harness.sent('GET /events')).toHaveLength(1);
  });

  it('that ends with an error of the engine is a result that says so', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () =>
      harness.emit({ kind: 'ca_session_ended', reason: 'error', errorMessage: 'boom' });
    await using agent = agentOn(harness.url);
    expect((await agent.chat('hi')).ended).toMatchObject({ reason: 'error', errorMessage: 'boom' });
    await expect(agent.chat('next')).rejects.toThrow('it ended with "error"');
  });
});
