import { describe, expect, it } from 'vitest';
import { UnknownEngineError, type ComputerAgentOptions } from '../src/index.ts';
import { agentOn, kindsOf } from './helpers/agent.ts';
import { QuirkyHarness, type Quirks } from './helpers/quirky-harness.ts';

const SERVERS: readonly [string, Quirks][] = [
  ['one that announces turns before the session', { announcesTurns: true }],
  ['one that announces no turns', { announcesTurns: false }],
];

const resultOf = (text: string) => ({ type: 'result', result: text });

describe.each(SERVERS)('a server with other habits: %s', (_, quirks) => {
  const agentOf = (harness: QuirkyHarness, options: Partial<ComputerAgentOptions> = {}) =>
    agentOn(harness.url, { harness: 'mock', ...options });

  it('answers turn after turn, each with its own answer, usage and cost', async () => {
    await using harness = await QuirkyHarness.start(quirks);
    await using agent = agentOf(harness);
    const started = quirks.announcesTurns
      ? ['ca_turn_started', 'ca_session_started']
      : ['ca_session_started'];
    const chat = agent.chat('say one');
    expect(await kindsOf(chat)).toEqual([
      ...started,
      'sdk_message',
      'ca_usage_snapshot',
      'sdk_message',
      'ca_session_ended',
    ]);
    expect((await chat).usage).toMatchObject({ inputTokens: 10, costUsd: 0.1, turnCostUsd: 0.1 });
    const second = await agent.chat('say two');
    expect(second.messages).toEqual([{ type: 'assistant', text: 'two' }, resultOf('two')]);
    expect(second.usage).toMatchObject({ inputTokens: 10, costUsd: 0.2, turnCostUsd: 0.1 });
  });

  it('is not asked for the answer of a turn whose loop was left', async () => {
    await using harness = await QuirkyHarness.start(quirks);
    await using agent = agentOf(harness);
    for await (const event of agent.chat('say one')) if (event.kind === 'sdk_message') break;
    expect((await agent.chat('say two')).messages.at(-1)).toEqual(resultOf('two'));
    const several = ['say three', 'say four'].map((content) => ({ role: 'user', content }) as const);
    expect((await agent.chat(several)).messages).toContainEqual(resultOf('four'));
    expect((await agent.chat('say five')).messages.at(-1)).toEqual(resultOf('five'));
  });

  it.each<[string, ComputerAgentOptions['onToolCall'], unknown]>([
    ['allow', undefined, { input: { command: 'ls' } }],
    ['deny', () => ({ decision: 'deny', reason: 'no' }), { decision: 'deny', reason: 'no' }],
    ['modify', () => ({ decision: 'modify', input: 'x' }), { input: 'x' }],
  ])('takes the decision to %s, and does not tell of it', async (__, onToolCall, answer) => {
    await using harness = await QuirkyHarness.start(quirks);
    await using agent = agentOf(harness, onToolCall ? { onToolCall } : {});
    const { messages } = await agent.chat('ask ls');
    expect(messages[0]).toEqual({ type: 'assistant', text: 'ls', answer });
  });

  it('that calls a mistake of its user its own is quoted, and asked again', async () => {
    await using harness = await QuirkyHarness.start(quirks);
    await using agent = agentOf(harness, { source: 'no.test/such' });
    for (let i = 0; i < 2; i++) {
      await expect(agent.chat('say x')).rejects.toMatchObject({ code: 'INTERNAL', status: 500 });
    }
    await using other = agentOf(harness, { harness: 'mokc' });
    await expect(other.chat('say x')).rejects.toThrow(UnknownEngineError);
    await using third = agentOf(harness);
    await third.ensureSession();
    await third.writeArtifact('bin', new Uint8Array([0xff, 0, 0xaa]));
    expect(await third.fetchArtifact('bin')).toEqual(new Uint8Array([0xff, 0, 0xaa]));
    expect(await third.fetchArtifact('none')).toBeNull();
    await expect(third.fetchArtifact('a-folder')).rejects.toMatchObject({ status: 500 });
  });

  it('that takes messages of a dead session does not make a chat wait for ever', async () => {
    await using harness = await QuirkyHarness.start(quirks);
    await using agent = agentOf(harness);
    const chat = agent.chat('wait');
    for await (const event of chat) if (event.kind === 'ca_session_started') break;
    await chat.cancel();
    expect((await chat).ended.reason).toBe('cancelled');
    await expect(agent.chat('say x')).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    await agent.newSession();
    expect((await agent.chat('say y')).messages.at(-1)).toEqual(resultOf('y'));
    // Cancelled by somebody else, when no turn was there to hear of it.
    for (const session of harness.sessions.values()) session.cancel();
    expect((await agent.chat('say z')).ended.reason).toBe('cancelled');
  });

  it('whose engine fails says so in the result', async () => {
    await using harness = await QuirkyHarness.start(quirks);
    await using agent = agentOf(harness);
    expect((await agent.chat('fail boom')).ended).toMatchObject({ reason: 'error', errorMessage: 'boom' });
  });

  it('that forgets events without a word is caught', async () => {
    await using harness = await QuirkyHarness.start(quirks);
    await using agent = agentOf(harness);
    await expect(agent.chat('flood 3000')).rejects.toMatchObject({ code: 'EVENTS_LOST' });
    await agent.newSession();
    expect((await agent.chat('flood 900')).messages).toHaveLength(902);
  });

  it('that takes an id twice gets the first one removed', async () => {
    await using harness = await QuirkyHarness.start(quirks);
    await using agent = agentOf(harness, { sessionId: 'mine' });
    await agent.chat('say one');
    const [first] = harness.sessions.values();
    await agent.newSession();
    expect([...harness.sessions.values()]).not.toContain(first);
    expect((await agent.chat('say two')).messages.at(-1)).toEqual(resultOf('two'));
  });
});
