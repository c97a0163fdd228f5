import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claudeEngine, createApp, gitAgentProtocolLoader, listen } from '@computeragent/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  answersTool,
  type Scene,
  type ScriptedMessagesApi,
  startScriptedMessagesApi,
} from '../../../examples/scripted-messages-api.ts';
import { ComputerAgent, hostFileStore, type ComputerAgentOptions, type Substrate } from '../src/index.ts';

let folder: string;
let api: ScriptedMessagesApi;

/** A model that only knows what it is sent. */
const scene: Scene = (asked) => {
  const number = /number (\d+)/.exec(JSON.stringify(asked.messages))?.[1] ?? 'none';
  const wantsFile = JSON.stringify(asked.messages).includes('Write it');
  if (!wantsFile || answersTool(asked)) return [{ type: 'text', text: `It is ${number}.` }];
  const command = `echo ${number} > number.txt`;
  return [{ type: 'tool_use', name: 'Bash', input: { command, description: 'write' } }];
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdk-engine-'));
  api = await startScriptedMessagesApi(scene);
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

/** Boots the real harness with the real engine, each time at another home, with nothing of those before. */
function machines(): Substrate {
  let boots = 0;
  return {
    async bootHarness() {
      const home = join(folder, `machine-${(boots += 1)}`);
      await mkdir(home);
      const app = createApp({
        engines: [claudeEngine()],
        loaders: [gitAgentProtocolLoader()],
        workdirBase: home,
        engineEnv: { HOME: home, CLAUDE_CONFIG_DIR: join(home, '.claude') },
      });
      const server = await listen(app, '127.0.0.1', 0);
      return { baseUrl: `http://127.0.0.1:${server.port}`, shutdown: () => server.close() };
    },
  };
}

const agentIn = (runtime: Substrate, options: Partial<ComputerAgentOptions> = {}) =>
  new ComputerAgent({
    source: { type: 'inline', manifest: { name: 'n', version: '1.0.0' } },
    harness: 'claude-agent-sdk',
    envs: {
      ANTHROPIC_BASE_URL: api.url,
      ANTHROPIC_API_KEY: 'sk-ant-scripted',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
    runtime,
    ...options,
  });

const resultOf = (messages: readonly unknown[]): unknown => (messages.at(-1) as { result?: unknown }).result;

describe('the SDK and the real engine', () => {
  it('go on with a conversation in another machine', async () => {
    const runtime = machines();
    const kept = { sessionId: 'mine', sessionStore: hostFileStore(join(folder, 'store')) };
    {
      await using first = agentIn(runtime, kept);
      const { ended, usage } = await first.chat('Remember the number 42');
      expect(ended.reason).toBe('complete');
      expect(usage.turnCostUsd).toBeGreaterThan(0);
    }
    expect(await readdir(join(folder, 'store'))).toHaveLength(1);
    {
      await using second = agentIn(runtime, kept);
      expect(resultOf((await second.chat('Which one?')).messages)).toBe('It is 42.');
    }
    await using stranger = agentIn(runtime);
    expect(resultOf((await stranger.chat('Which one?')).messages)).toBe('It is none.');
  });

  it.each([
    ['allow', '5\n'],
    ['deny', null],
    ['modify', 'modified\n'],
  ] as const)('hold a person’s decision: %s', async (decision, written) => {
    await using agent = agentIn(machines(), {
      onToolCall: ({ risk }) => {
        expect(risk).toBe('high');
        if (decision === 'modify') return { decision, input: { command: 'echo modified > number.txt' } };
        return { decision };
      },
    });
    await agent.chat('Write it: number 5');
    expect(await agent.fetchArtifactText('number.txt')).toBe(written);
  });

  it('tell what each turn has cost beside the total', async () => {
    await using agent = agentIn(machines());
    const one = (await agent.chat('Remember the number 1')).usage;
    const two = (await agent.chat('Which one?')).usage;
    expect(one.costUsd).toBeGreaterThan(0);
    expect(two.costUsd).toBeGreaterThan(one.costUsd ?? 0);
    expect(two.turnCostUsd).toBeCloseTo((two.costUsd ?? 0) - (one.costUsd ?? 0), 9);
  });
});
