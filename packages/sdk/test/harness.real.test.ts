import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, gitAgentProtocolLoader, listen } from '@computeragent/harness';
import { describe, expect, it } from 'vitest';
import type { ComputerAgentOptions } from '../src/index.ts';
import { agentOn } from './helpers/agent.ts';
import { scriptedEngine } from './helpers/scripted-engine.ts';

/** Asks for permission, then says back what was allowed; "wait" waits for the cancel. */
const engine = scriptedEngine(async ({ input, signal, askPermission, message, usage }) => {
  for await (const { content } of input) {
    if (content === 'wait') await new Promise((resolve) => signal.addEventListener('abort', resolve));
    if (signal.aborted) return 'complete';
    const answer = await askPermission({
      callId: 'c',
      toolName: 'Echo',
      input: { content },
      risk: 'low',
    });
    message({ type: 'assistant', answer });
    usage({ inputTokens: 1, costUsd: 0.1, costSemantic: 'delta' });
    message({ type: 'result', result: content });
  }
  return 'complete';
});

/** The real harness server behind a token, as it runs in a guest, but for its engine. */
async function withHarness(
  options: Partial<ComputerAgentOptions>,
  body: (agent: ReturnType<typeof agentOn>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sdk-test-'));
  const app = createApp({
    engines: [engine],
    loaders: [gitAgentProtocolLoader()],
    workdirBase: folder,
    token: 'secret-token-of-this-test',
  });
  const server = await listen(app, '127.0.0.1', 0);
  const url = `http://127.0.0.1:${server.port}/t/secret-token-of-this-test`;
  try {
    await using agent = agentOn(url, {
      source: { type: 'inline', manifest: { name: 'echo', version: '1.0.0' } },
      ...options,
    });
    await body(agent);
  } finally {
    await server.close();
    expect(await readdir(join(folder, 'computeragent-sessions')).catch(() => [])).toEqual([]);
    await rm(folder, { recursive: true });
  }
  await expect(fetch(url)).rejects.toThrow('fetch failed');
}

describe('the SDK and the real harness', () => {
  it('hold turns, permissions, usage and files', async () => {
    await withHarness({ onToolCall: () => ({ decision: 'modify', input: 'other' }) }, async (agent) => {
      const first = await agent.chat('one');
      expect(first.messages).toEqual([
        { type: 'assistant', answer: expect.objectContaining({ behavior: 'allow', updatedInput: 'other' }) },
        { type: 'result', result: 'one' },
      ]);
      expect(first.usage).toMatchObject({ inputTokens: 1, costUsd: 0.1 });
      for await (const _ of agent.chat('left')) break;
      expect((await agent.chat('three')).messages.at(-1)).toEqual({ type: 'result', result: 'three' });
      await agent.writeArtifact('dir/a b.txt', 'text');
      expect(await agent.fetchArtifactText('dir/a b.txt')).toBe('text');
      expect(await agent.fetchArtifact('none')).toBeNull();
      expect((await agent.listWorkdir({ path: 'dir' })).map(({ path }) => path)).toEqual(['a b.txt']);
    });
  });

  it('know what an engine is called', async () => {
    await withHarness({ harness: 'scriptde' }, async (agent) => {
      await expect(agent.chat('x')).rejects.toThrow('Did you mean scripted?');
    });
  });

  it('end a turn that is cancelled', async () => {
    await withHarness({}, async (agent) => {
      const chat = agent.chat('wait');
      for await (const event of chat) if (event.kind === 'ca_turn_started') break;
      await chat.cancel();
      expect((await chat).ended.reason).toBe('cancelled');
    });
  });
});
