import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HookInput } from '@anthropic-ai/claude-agent-sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runHook } from '../../../src/engine/claude/run-hook.ts';
import { engineToolName, isAbout } from '../../../src/engine/claude/tool-names.ts';
import { uuidV5 } from '../../../src/engine/claude/uuid-v5.ts';
import type { AgentHook } from '../../../src/identity/parts.ts';
import { engineRun } from '../../helpers/engine-run.ts';

const never = new AbortController().signal;
let cwd: string;
beforeEach(async () => void (cwd = await mkdtemp(join(tmpdir(), 'hook-test-'))));
afterEach(() => rm(cwd, { recursive: true }));

/** Runs a shell line as a hook before a call of Bash, or of another event. */
function hook(line: string, change: Partial<AgentHook> = {}, more: Record<string, unknown> = {}) {
  const script = { command: 'sh', args: ['-c', line], cwd: '.', env: {}, timeoutMs: 30_000 };
  const all: AgentHook = { event: 'PreToolUse', declared: 'x', protocol: 'claude', script, ...change };
  const call = { tool_name: engineToolName('t'), tool_input: { a: 1, b: 2 }, tool_use_id: 'u' };
  const input = { hook_event_name: all.event, ...call, ...more } as unknown as HookInput;
  return runHook(engineRun({ cwd, env: { GIVEN: 'yes' } }), all, input, never);
}

const said = (json: unknown) => `echo '${JSON.stringify(json)}'`;
const denial = (reason: string) => ({
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision: 'deny',
    permissionDecisionReason: expect.stringContaining(reason),
  },
});

describe('a guard hook', () => {
  it.each([
    ['fails', 'echo oh >&2; exit 1', 'ended with 1: oh'],
    ['blocks', 'echo because >&2; exit 2', 'because'],
    ['is killed', 'kill -9 $$', 'a signal'],
    ['is not there', 'exec /none/such', 'ended with'],
    ['gives half an answer', `printf '{"a":'`, 'not JSON'],
  ])('says no when it %s', async (_what, line, reason) => {
    expect(await hook(line)).toEqual(denial(reason));
  });

  it('says no when it cannot be started', async () => {
    const script = { command: '/none/such', args: [], cwd: '.', env: {}, timeoutMs: 30_000 };
    expect(await hook('', { script })).toEqual(denial('could not be run'));
    expect(await hook('', { script: { ...script, cwd: '../..' } })).toEqual(denial('could not be run'));
  });

  it('has no opinion when it says nothing, or what is no answer', async () => {
    expect(await hook('exit 0')).toEqual({});
    expect(await hook('echo checked')).toEqual({});
  });

  it('reads the event and the session’s environment, and answers as the engine has it', async () => {
    await hook('cat > input; echo $GIVEN $HARNESS_TEST_SECRET $CLAUDE_PROJECT_DIR > env');
    expect(await hook('cat input')).toMatchObject({ tool_name: 'mcp__gap_tools__t', tool_input: { a: 1 } });
    expect(await hook(`printf '{"reason":"%s"}' "$(cat env)"`)).toEqual({ reason: `yes ${cwd}` });
  });

  it('of another kind of event only reports that it failed', async () => {
    expect(await hook('exit 1', { event: 'PostToolUse' })).toEqual({
      systemMessage: expect.stringContaining('ended with 1'),
    });
    expect(await hook('echo why >&2; exit 2', { event: 'Stop' })).toEqual({
      decision: 'block',
      reason: 'why',
    });
  });
});

describe('a hook of the published form', () => {
  const gap = { protocol: 'gap', declared: 'pre_tool_use' } as const;

  it('reads what the form says, with the tool’s own name', async () => {
    await hook(`cat > input; ${said({ action: 'allow' })}`, gap);
    const input = await hook('cat input');
    expect(input).toMatchObject({
      event: 'pre_tool_use',
      data: { tool_name: 't', arguments: { a: 1, b: 2 } },
      session: { id: 's' },
    });
  });

  it('lets through, stops, and changes', async () => {
    expect(await hook(said({ action: 'allow' }), gap)).toEqual({});
    expect(await hook(said({ action: 'block', reason: 'no trade' }), gap)).toEqual(denial('no trade'));
    const changed = await hook(said({ action: 'modify', modifications: { arguments: { b: 3 } } }), gap);
    expect(changed.hookSpecificOutput).toMatchObject({ updatedInput: { a: 1, b: 3 } });
    const flat = await hook(said({ action: 'modify', modifications: { b: 4 } }), gap);
    expect(flat.hookSpecificOutput).toMatchObject({ updatedInput: { a: 1, b: 4 } });
  });

  it.each([
    ['an unknown action', { action: 'maybe' }],
    ['no action', {}],
    ['a list', []],
  ])('says no with %s', async (_what, answer) => {
    expect(await hook(said(answer), gap)).toEqual(denial('gave no action'));
  });

  it('says no with what is no answer', async () => {
    expect(await hook('echo fine', gap)).toEqual(denial('not JSON'));
  });

  it('stops no turn for ever', async () => {
    const stop = { ...gap, event: 'Stop', declared: 'post_response' };
    const line = said({ action: 'block', message: 'unfair' });
    expect(await hook(line, stop)).toEqual({ decision: 'block', reason: 'unfair' });
    expect(await hook(line, stop, { stop_hook_active: true })).toEqual({});
  });
});

it('a matcher is a list of names or a pattern, for either name of a tool', () => {
  expect(isAbout(undefined, 'Bash')).toBe(true);
  expect([isAbout('Write|Edit', 'Edit'), isAbout('Write', 'NotebookWrite')]).toEqual([true, false]);
  expect([isAbout('mcp__.*', engineToolName('t')), isAbout('t', engineToolName('t'))]).toEqual([true, true]);
});

it('an id has the UUID that others find, too', () => {
  const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
  expect(uuidV5('www.example.com', dns)).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});
