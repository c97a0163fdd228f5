import type { Query, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { Engine, EngineOutcome, EngineRun } from '../engine.ts';
import { ClaudeProcess } from './claude-process.ts';
import { claudeOptions } from './options.ts';
import { turnResultOf } from './usage.ts';

/** Runs agents on the Claude Agent SDK. The SDK is loaded with the first session, so that the harness starts without it. */
export function claudeEngine(): Engine {
  return {
    name: 'claude-agent-sdk',
    capabilities: {
      streamingInput: true,
      partialMessages: true,
      permissionCallback: true,
      sessions: false,
      budget: true,
    },
    preload: async () => void (await loadSdk()),
    run: runClaude,
  };
}

const loadSdk = () => import('@anthropic-ai/claude-agent-sdk');

async function runClaude(run: EngineRun): Promise<EngineOutcome> {
  const { query } = await loadSdk();
  run.signal.throwIfAborted();
  await using program = new ClaudeProcess((text) =>
    run.log('engine.stderr', { sessionId: run.sessionId, text }),
  );
  const { spawnClaudeCodeProcess } = program;
  const options = { ...claudeOptions(run), spawnClaudeCodeProcess };
  const messages = query({ prompt: prompt(run), options });
  const abort = (): void => {
    messages.close();
    void program.end();
  };
  run.signal.addEventListener('abort', abort, { once: true });
  try {
    return await forward(messages, run);
  } finally {
    run.signal.removeEventListener('abort', abort);
    messages.close();
  }
}

async function forward(messages: Query, run: EngineRun): Promise<EngineOutcome> {
  let outcome: EngineOutcome = 'complete';
  for await (const message of messages) {
    run.signal.throwIfAborted();
    const result = turnResultOf(message);
    // Before the result: a client stops reading the turn there.
    if (result?.usage) run.usage(result.usage);
    if (result) outcome = result.budgetExceeded ? 'budget_exceeded' : 'complete';
    run.message(message);
  }
  return outcome;
}

async function* prompt(run: EngineRun): AsyncGenerator<SDKUserMessage, void> {
  for await (const { role, content } of run.input) {
    yield {
      type: 'user',
      session_id: run.sessionId,
      parent_tool_use_id: null,
      message: { role, content } as SDKUserMessage['message'],
    };
  }
}
