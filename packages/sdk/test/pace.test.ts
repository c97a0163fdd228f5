import { describe, expect, it } from 'vitest';
import type { ChatHandle, HarnessEvent } from '../src/index.ts';
import { agentOn } from './helpers/agent.ts';
import { ScriptedHarness } from './helpers/scripted-harness.ts';

const COUNT = 5_000;
/** Enough for a few thousand events to fill every buffer on the way. */
const TEXT = 'x'.repeat(4_000);

/** A harness whose turn is long, which counts what its reader has let through. */
async function talkative() {
  const harness = await ScriptedHarness.start();
  harness.onMessage = (message, turn) => {
    harness.emit({ kind: 'ca_turn_started', turnIndex: turn });
    if (turn === 0) for (let n = 0; n < COUNT; n++) harness.say({ n, TEXT });
    harness.say({ type: 'result', result: message.content });
  };
  return harness;
}

/** The highest number of events that were read and not taken, as the events of the agent's own log are. */
function readCounter() {
  let read = 0;
  const counting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!(input as string).endsWith('/events') || !response.body) return response;
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          read += Buffer.from(chunk).toString().split('\n\n').length - 1;
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted, response);
  };
  return { fetch: counting, read: () => read };
}

const numberOf = (event: HarnessEvent): number =>
  event.kind === 'sdk_message' ? ((event.payload as { n?: number }).n ?? -1) : -1;

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function numbersOf(chat: ChatHandle): Promise<number[]> {
  const numbers: number[] = [];
  for await (const event of chat) if (numberOf(event) >= 0) numbers.push(numberOf(event));
  return numbers;
}

describe('a loop', () => {
  it('sets the pace: no more is read than it may be behind', async () => {
    await using harness = await talkative();
    const counter = readCounter();
    await using agent = agentOn(harness.url, { fetch: counter.fetch });
    let taken = 0;
    for await (const _ of agent.chat('hi', { readAhead: 50 })) {
      taken += 1;
      if (taken % 500 === 0) await settle();
      // One chunk of the network beyond what was asked for, and one in each stream on the way.
      expect(counter.read() - taken).toBeLessThan(50 + 3 * 64);
    }
    expect(taken).toBe(COUNT + 3);
  });

  it('that is left does not hold the turn', async () => {
    await using harness = await talkative();
    await using agent = agentOn(harness.url);
    for await (const _ of agent.chat('one', { readAhead: 1 })) break;
    expect((await agent.chat('two')).messages).toEqual([{ type: 'result', result: 'two' }]);
  });

  it('does not hold a chat that it waits for itself, nor the result', async () => {
    await using harness = await talkative();
    await using agent = agentOn(harness.url);
    const chat = agent.chat('one', { readAhead: 1 });
    for await (const event of chat) {
      if (numberOf(event) !== 3) continue;
      expect((await agent.chat('two')).messages).toHaveLength(1);
      expect((await chat).messages).toHaveLength(COUNT + 1);
    }
  });

  it('that takes no more does not hold dispose', async () => {
    await using harness = await talkative();
    const agent = agentOn(harness.url);
    const events = agent.chat('one', { readAhead: 1 })[Symbol.asyncIterator]();
    await events.next();
    await agent.dispose();
    await expect(
      (async () => {
        while (!(await events.next()).done);
      })(),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('beside another sees the same events', async () => {
    await using harness = await talkative();
    await using agent = agentOn(harness.url);
    const chat = agent.chat('one', { readAhead: 10 });
    const [one, other] = await Promise.all([numbersOf(chat), numbersOf(chat)]);
    expect(one).toEqual(Array.from({ length: COUNT }, (_, n) => n));
    expect(other).toEqual(one);
  });
});

describe('a chat whose events are not kept', () => {
  it('shows all of them once, and has only the turn’s end in its result', async () => {
    await using harness = await talkative();
    await using agent = agentOn(harness.url);
    const chat = agent.chat('one', { keepEvents: false });
    expect(await numbersOf(chat)).toHaveLength(COUNT);
    expect(await numbersOf(chat)).toEqual([]);
    expect(await chat).toMatchObject({
      messages: [{ type: 'result', result: 'one' }],
      ended: { reason: 'complete' },
    });
  });
});
