import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, gitAgentProtocolLoader, type Engine } from '@computeragent/harness';
import type { HarnessEvent } from '@computeragent/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { agentOn } from './helpers/agent.ts';
import { ChaosProxy, FAULTS, type Fault } from './helpers/chaos-proxy.ts';
import { HarnessClient } from '../src/client.ts';
import { readEvents } from '../src/event-stream.ts';
import { reconnectOf, timeoutsOf } from '../src/options.ts';

const CAPABILITIES = {
  streamingInput: true,
  partialMessages: false,
  permissionCallback: true,
  sessions: false,
  budget: false,
};

/** A turn with everything in it that a stream can have. */
const engine: Engine = {
  name: 'scripted',
  capabilities: CAPABILITIES,
  async run({ input, askPermission, message, usage }) {
    for await (const { content } of input) {
      message({ type: 'assistant', text: 'grüß 🎉\r\n' });
      const answer = await askPermission({ callId: 'c', toolName: 'Bash', input: 'ls', risk: 'low' });
      usage({ outputTokens: 1 });
      message({ type: 'result', result: content, answer });
    }
    return 'complete';
  },
};

let folder: string;
let app: ReturnType<typeof createApp>;
let proxy: ChaosProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdk-chaos-'));
  app = createApp({ engines: [engine], loaders: [gitAgentProtocolLoader()], workdirBase: folder });
  proxy = await ChaosProxy.start((request) => app.fetch(request));
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await app.close();
  await rm(folder, { recursive: true });
});

const IDLE_MS = 25;
let readers = 0;
let clock: NodeJS.Timeout;

// A reader is idle when all of them wait for streams that have stalled, not when the machine is busy.
beforeEach(() => {
  readers = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  clock = setInterval(() => {
    if (readers > 0 && proxy.stalled === readers) vi.advanceTimersByTime(IDLE_MS);
  }, 1);
});
afterEach(() => {
  clearInterval(clock);
  vi.useRealTimers();
});

const IDENTITY = { type: 'inline', manifest: { name: 'n', version: '1.0.0' } } as const;

/** A turn that was played to its end, and the bytes that it is to its readers. */
async function recorded(): Promise<{
  readonly id: string;
  readonly bytes: number;
  readonly events: HarnessEvent[];
}> {
  const url = proxy.urlFor({ fault: 'delay', at: Number.POSITIVE_INFINITY });
  await using agent = agentOn(url, { source: IDENTITY });
  const { sessionId: id } = await agent.chat('x');
  const end = new Request(`http://127.0.0.1/v1/sessions/${id}/end-input`, { method: 'POST' });
  await app.fetch(end);
  const stream = await app.fetch(new Request(`http://127.0.0.1/v1/sessions/${id}/events`));
  const text = await stream.text();
  const events = text
    .split('\n\n')
    .slice(0, -1)
    .map((frame) => JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? '') as HarnessEvent);
  return { id, bytes: Buffer.byteLength(text), events };
}

/** All events of a session, as the SDK reads them at this address. */
async function receivedAt(baseUrl: string, id: string): Promise<HarnessEvent[]> {
  const options = { source: '', harness: '', reconnect: { pauseMs: 0, idleMs: IDLE_MS } };
  const client = new HarnessClient({ baseUrl, timeouts: timeoutsOf(options) });
  const cursor: { lastEventId: number | undefined } = { lastEventId: undefined };
  const source = { client, id, cursor, reconnect: reconnectOf(options) };
  const events: HarnessEvent[] = [];
  for await (const frames of readEvents(source, new AbortController().signal)) {
    for (const frame of frames) {
      cursor.lastEventId = frame.id;
      events.push(frame.event);
    }
    if (events.at(-1)?.kind === 'ca_session_ended') break;
  }
  return events;
}

/** Runs so many at a time. */
async function forEachOf(count: number, width: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    readers += 1;
    while (next < count) await work(next++);
    readers -= 1;
  };
  await Promise.all(Array.from({ length: width }, worker));
}

describe('a stream of events', () => {
  it.each(FAULTS)('that suffers a %s at any of its bytes is read as it was sent', async (fault) => {
    const turn = await recorded();
    expect(turn.events.map(({ kind }) => kind)).toEqual([
      'ca_session_started',
      'ca_turn_started',
      'sdk_message',
      'ca_permission_request',
      'ca_permission_decision',
      'ca_usage_snapshot',
      'sdk_message',
      'ca_session_ended',
    ]);
    const wrong: number[] = [];
    let again = 0;
    await forEachOf(turn.bytes, 24, async (at) => {
      const events = await receivedAt(proxy.urlFor({ fault, at }), turn.id);
      if (JSON.stringify(events) !== JSON.stringify(turn.events)) wrong.push(at);
      again += proxy.streamsOf({ fault, at }) - 1;
    });
    expect(wrong).toEqual([]);
    // Faults that end the stream make a second one necessary: each was there.
    const endsIt: readonly Fault[] = ['cut', 'end', 'stall', 'replay'];
    expect(again).toBeGreaterThanOrEqual(endsIt.includes(fault) ? turn.bytes - 1 : 0);
  });
});

describe('a turn', () => {
  it.each(FAULTS)('that suffers a %s is the same turn, and each question is answered once', async (fault) => {
    const { bytes, events: whole } = await recorded();
    await forEachOf(Math.ceil(bytes / 29), 8, async (n) => {
      const at = n * 29;
      let asked = 0;
      await using agent = agentOn(proxy.urlFor({ fault, at }), {
        source: IDENTITY,
        reconnect: { pauseMs: 0, idleMs: IDLE_MS },
        onToolCall: () => {
          asked += 1;
          return { decision: 'allow' };
        },
      });
      const events: HarnessEvent[] = [];
      for await (const event of agent.chat('x')) events.push(event);
      const nameless = (all: readonly HarnessEvent[]) => all.map((event) => ({ ...event, sessionId: '' }));
      expect(nameless(events), `at byte ${at}`).toEqual(nameless(whole));
      expect(asked).toBe(1);
    });
  });
});
