import type { Query, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { Engine, EngineOutcome, EngineRun } from '../engine.ts';
import { ClaudeProcess } from './claude-process.ts';
import { claudeOptions } from './options.ts';
import { loadSdk } from './sdk.ts';
import { temporaryFolder } from './temporary.ts';
import { ownTranscript, transcriptOptions } from './transcript.ts';
import { turnResultOf } from './usage.ts';

/** Runs agents on the Claude Agent SDK. */
export function claudeEngine(): Engine {
  return {
    name: 'claude-agent-sdk',
    capabilities: {
      streamingInput: true,
      partialMessages: true,
      permissionCallback: true,
      sessions: true,
      budget: true,
    },
    preload: async () => void (await loadSdk()),
    run: runClaude,
  };
}

async function runClaude(run: EngineRun): Promise<EngineOutcome> {
  const sdk = await loadSdk();
  const transcript = await transcriptOptions(run);
  const composed = claudeOptions(sdk, run, transcript);
  await using _local = await ownTranscript(composed);
  await using temporary = await temporaryFolder();
  run.signal.throwIfAborted();
  await using program = new ClaudeProcess((text) =>
    run.log('engine.stderr', { sessionId: run.sessionId, text }),
  );
  const { spawnClaudeCodeProcess } = program;
  // Where the session names a folder, that is the caller's.
  const env = { ...temporary.env, ...composed.env };
  const options = { ...composed, env, spawnClaudeCodeProcess };
  const messages = sdk.query({ prompt: prompt(run), options });
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
  for await (const message of messages) {
    run.signal.throwIfAborted();
    const result = turnResultOf(message);
    // Before the result: a client stops reading the turn there.
    if (result?.usage) run.usage(result.usage);
    run.message(message);
    // The budget is the session's: whatever follows would be refused, too.
    if (result?.budgetExceeded) return 'budget_exceeded';
  }
  return 'complete';
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
