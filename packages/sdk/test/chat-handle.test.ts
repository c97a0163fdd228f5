import { describe, expect, it } from 'vitest';
import type { UserMessage } from '../src/index.ts';
import { agentOn, kindsOf } from './helpers/agent.ts';
import { ScriptedHarness } from './helpers/scripted-harness.ts';

const user = (content: string): UserMessage => ({ role: 'user', content });

describe('chat', () => {
  it('can be iterated, awaited, and both, on the same handle', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = (message, turn) => {
      if (turn === 0) harness.emit({ kind: 'ca_session_started' });
      harness.emit({ kind: 'never_heard_of', x: 1 });
      harness.answer(message, turn);
    };
    await using agent = agentOn(harness.url);
    const chat = agent.chat('hi');
    const kinds =
      'ca_session_started never_heard_of ca_turn_started sdk_message sdk_message ca_session_ended'.split(' ');
    const [first, second, result] = await Promise.all([kindsOf(chat), kindsOf(chat), chat]);
    expect([first, second, await kindsOf(chat)]).toEqual([kinds, kinds, kinds]);
    expect(result.messages).toEqual([
      { type: 'assistant', text: 're: hi' },
      { type: 'result', result: 'done: hi' },
    ]);
    expect(result.ended).toEqual({ kind: 'ca_session_ended', sessionId: 's1', reason: 'complete' });
    expect([result.sessionId, await chat.sessionId()]).toEqual(['s1', 's1']);
    expect(harness.sent('GET /events')).toHaveLength(1);
  });

  it('shows events as they come', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = () => harness.say({ n: 1 });
    await using agent = agentOn(harness.url);
    const events = agent.chat('hi')[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ payload: { n: 1 } });
    harness.say({ n: 2 });
    expect((await events.next()).value).toMatchObject({ payload: { n: 2 } });
    harness.say({ type: 'system', subtype: 'session_end' });
    expect((await events.next()).value).toMatchObject({ payload: { type: 'system' } });
    expect((await events.next()).value).toMatchObject({ kind: 'ca_session_ended' });
    expect((await events.next()).done).toBe(true);
  });

  it('goes on where the one before ended, and never replays', async () => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url);
    const replies: unknown[] = [];
    for (const text of ['one', 'two', 'three']) replies.push((await agent.chat(text)).messages[0]);
    expect(replies).toEqual(
      ['one', 'two', 'three'].map((text) => ({ type: 'assistant', text: `re: ${text}` })),
    );
    expect(harness.sent('GET /events').map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      '2',
      '5',
    ]);
  });

  it('answers the next message right after a loop was left early', async () => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url);
    for await (const event of agent.chat('left')) if (event.kind === 'sdk_message') break;
    const { messages } = await agent.chat('next');
    expect(messages).toEqual([
      { type: 'assistant', text: 're: next' },
      { type: 'result', result: 'done: next' },
    ]);
  });

  it('takes several at once one after the other', async () => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url);
    const chats = ['one', 'two', 'three'].map((text) => agent.chat(text));
    const last = (await Promise.all(chats)).map(({ messages }) => messages.at(-1));
    expect(last).toEqual(
      ['one', 'two', 'three'].map((text) => ({ type: 'result', result: `done: ${text}` })),
    );
  });

  it('does not take a late result of an earlier turn for its own', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = (message, turn) => {
      if (turn === 1) harness.say({ type: 'result', result: 'late' });
      harness.answer(message, turn);
    };
    await using agent = agentOn(harness.url);
    await agent.chat('one');
    expect((await agent.chat('two')).messages.at(-1)).toEqual({ type: 'result', result: 'done: two' });
  });

  it('works with a harness that does not announce turns', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = (message) => harness.say({ type: 'result', result: message.content });
    await using agent = agentOn(harness.url);
    expect((await agent.chat('one')).messages).toEqual([{ type: 'result', result: 'one' }]);
    expect((await agent.chat('two')).messages).toEqual([{ type: 'result', result: 'two' }]);
  });

  it.each([
    ['a message', user('a'), ['a']],
    ['messages', [user('a'), user('b')], ['a', 'b']],
    [
      'messages that come',
      (async function* () {
        yield user('a');
        yield user('b');
      })(),
      ['a', 'b'],
    ],
  ])('takes %s', async (_, input, texts) => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url);
    const { messages, ended } = await agent.chat(input);
    expect(messages).toEqual(
      texts.flatMap((text) => [
        { type: 'assistant', text: `re: ${text}` },
        { type: 'result', result: `done: ${text}` },
      ]),
    );
    expect(ended.reason).toBe('complete');
  });

  it('needs at least one message', async () => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url);
    expect(() => agent.chat([])).toThrow(TypeError);
    await expect(agent.chat((async function* () {})())).rejects.toThrow('at least one message');
  });

  it('adds up what was used, for its turn alone', async () => {
    await using harness = await ScriptedHarness.start();
    harness.onMessage = (message, turn) => {
      harness.emit({ kind: 'ca_usage_snapshot', inputTokens: 2, outputTokens: 3, costUsd: 0.5 });
      harness.emit({ kind: 'ca_usage_snapshot', inputTokens: 2, cacheReadInputTokens: 1 });
      harness.answer(message, turn);
    };
    await using agent = agentOn(harness.url);
    const used = {
      inputTokens: 4,
      outputTokens: 3,
      cacheCreationInputTokens: 0,
      cacheReadInputTokens: 1,
      costUsd: 0.5,
      turnCostUsd: 0.5,
    };
    const first = agent.chat('one');
    expect((await first).usage).toEqual(used);
    expect(first.getUsage()).toEqual(used);
    // The engine told a running total that has not grown.
    expect((await agent.chat('two')).usage).toEqual({ ...used, turnCostUsd: 0 });
  });
});
