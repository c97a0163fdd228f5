import type { HookInput, SyncHookJSONOutput } from '@anthropic-ai/claude-agent-sdk';
import { messageOf } from '../../errors.ts';
import type { AgentHook } from '../../identity/parts.ts';
import type { ProgramResult } from '../../program/run-program.ts';
import type { EngineRun } from '../engine.ts';
import { runScript } from '../run-script.ts';
import { gapInput, gapOutput } from './gap-hook.ts';
import { blocked, failed } from './hook-output.ts';

const REASON_CHARS = 800;
/** What Claude's hooks end with to say no. */
const EXIT_BLOCK = 2;

/**
 * Runs a hook of the identity's and reads its answer. A guard that breaks, hangs or cannot be understood has not let
 * the agent through.
 */
export async function runHook(
  run: EngineRun,
  hook: AgentHook,
  input: HookInput,
  signal: AbortSignal,
): Promise<SyncHookJSONOutput> {
  const stdin = JSON.stringify(hook.protocol === 'gap' ? gapInput(hook, input, run) : input);
  try {
    const result = await runScript(run, hook.script, { stdin, signal });
    const output = outputOf(hook, input, result);
    if (output.systemMessage !== undefined) report(run, hook, output.systemMessage);
    return output;
  } catch (error) {
    report(run, hook, messageOf(error));
    return failed(hook.event, `the hook ${hook.declared} could not be run`);
  }
}

function outputOf(hook: AgentHook, input: HookInput, result: ProgramResult): SyncHookJSONOutput {
  const { declared, event, protocol, script } = hook;
  const { exitCode, stdout, stderr, timedOut } = result;
  if (timedOut) return failed(event, `the hook ${declared} took over ${script.timeoutMs} ms`);
  const said = stderr.trim().slice(0, REASON_CHARS);
  if (protocol === 'claude' && exitCode === EXIT_BLOCK)
    return blocked(event, said || `blocked by the hook ${declared}`);
  if (exitCode !== 0)
    return failed(event, `the hook ${declared} ended with ${exitCode ?? 'a signal'}: ${said}`);
  const text = stdout.trim();
  if (text === '') return {};
  // A command may print what it likes; what looks like an answer has to be one.
  if (protocol === 'claude' && !text.startsWith('{')) return {};
  const value = parsed(text);
  if (value === undefined) return failed(event, `the hook ${declared} gave an answer that is not JSON`);
  return protocol === 'gap' ? gapOutput(hook, input, value) : (value as SyncHookJSONOutput);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function report({ log, sessionId }: EngineRun, { declared }: AgentHook, message: string): void {
  log('hook.failed', { sessionId, hook: declared, message });
}
