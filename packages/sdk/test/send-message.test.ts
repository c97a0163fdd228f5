import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type Engine, gitAgentProtocolLoader } from '@computeragent/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentOn } from './helpers/agent.ts';
import { answerAt, json, reject, ScriptedHarness, type Reply } from './helpers/scripted-harness.ts';

/** Counts what has come, and says it back. */
function counting(): Engine & { readonly taken: unknown[] } {
  const taken: unknown[] = [];
  return {
    taken,
    name: 'scripted',
    capabilities: {
      streamingInput: true,
      partialMessages: false,
      permissionCallback: false,
      sessions: false,
      budget: false,
    },
    async run({ input, message }) {
      for await (const { content } of input) {
        taken.push(content);
        message({ type: 'result', result: content });
      }
      return 'complete';
    },
  };
}

/** The harness, over a connection that dies at the first messages: before they have arrived, or before the answer has. */
function dying(app: ReturnType<typeof createApp>, deaths: readonly ('before' | 'after')[]): typeof fetch {
  const left = [...deaths];
  return async (input, init) => {
    const request = new Request(input as string, init);
    const death = request.url.endsWith('/messages') ? left.shift() : undefined;
    if (death === 'before') throw new TypeError('fetch failed');
    const response = await app.fetch(request);
    if (death === 'after') throw new TypeError('terminated');
    return response;
  };
}

const isResendable: Reply = (response, { method, url }) => {
  if (method !== 'POST' || !url.endsWith('/v1/sessions')) return false;
  json(response, 201, { sessionId: 's1', engine: 'e', idempotentMessages: true });
  return true;
};
const source = { type: 'inline', manifest: { name: 'n', version: '1' } } as const;
const URL = 'http://127.0.0.1:7700';

describe('a message whose fate is unknown', () => {
  let folder: string;
  let app: ReturnType<typeof createApp>;
  let engine: ReturnType<typeof counting>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sdk-send-'));
    engine = counting();
    app = createApp({ engines: [engine], loaders: [gitAgentProtocolLoader()], workdirBase: folder });
  });
  afterEach(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  it.each([[['before']], [['after']], [['after', 'before', 'after']]] as const)(
    'arrives once where the connection died %j, and so does the next',
    async (deaths) => {
      await using agent = agentOn(URL, { source, fetch: dying(app, deaths) });
      expect((await agent.chat('one')).messages).toEqual([{ type: 'result', result: 'one' }]);
      expect((await agent.chat('two')).messages).toEqual([{ type: 'result', result: 'two' }]);
      expect(engine.taken).toEqual(['one', 'two']);
    },
  );

  it('is given up after so many attempts, and ends the session', async () => {
    const fetch = dying(app, ['after', 'before', 'after']);
    await using agent = agentOn(URL, { source, fetch, reconnect: { attempts: 2, pauseMs: 1 } });
    await expect(agent.chat('one')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(agent.chat('two')).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  });

  it('is not sent again when its chat is aborted', async () => {
    const stop = new AbortController();
    await using harness = await ScriptedHarness.start();
    harness.reply = (response, seen) => {
      if (isResendable(response, seen)) return true;
      if (!seen.url.endsWith('/messages')) return false;
      stop.abort();
      return true;
    };
    await using agent = agentOn(harness.url);
    await expect(agent.chat('one', { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(harness.sent('POST /messages')).toHaveLength(1);
  });
});

describe('a harness that does not heed keys', () => {
  it.each([502, 504])('gets a message once, also where a proxy says %d', async (status) => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/messages', (response) => response.writeHead(status).end('nobody'));
    await using agent = agentOn(harness.url);
    await expect(agent.chat('one')).rejects.toMatchObject({ status });
    await expect(agent.chat('two')).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    expect(harness.sent('POST /messages')).toHaveLength(1);
  });
});

describe('a harness that heeds keys', () => {
  it('is sent the same key again, and another with the next message', async () => {
    await using harness = await ScriptedHarness.start();
    const lost = answerAt('/messages', (response) => response.writeHead(502).end('nobody'), 1);
    harness.reply = (response, seen) => isResendable(response, seen) === true || lost(response, seen);
    await using agent = agentOn(harness.url);
    await agent.chat('one');
    await agent.chat('two');
    const keys = harness.sent('POST /messages').map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(keys[0]).toMatch(/^[\da-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('is not asked again what it has rejected', async () => {
    await using harness = await ScriptedHarness.start();
    const full = answerAt('/messages', (response) => reject(response, 500, 'INTERNAL', 'broken'));
    harness.reply = (response, seen) => isResendable(response, seen) === true || full(response, seen);
    await using agent = agentOn(harness.url);
    await expect(agent.chat('one')).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(harness.sent('POST /messages')).toHaveLength(1);
  });
});
