import { describe, expect, it } from 'vitest';
import { claudeEnv } from '../../../src/engine/claude/env.ts';
import { claudeOptions } from '../../../src/engine/claude/options.ts';
import { loadSdk } from '../../../src/engine/claude/sdk.ts';
import { riskOf } from '../../../src/engine/claude/risk.ts';
import { turnResultOf } from '../../../src/engine/claude/usage.ts';
import type { EngineRun, PermissionAnswer, PermissionRequest } from '../../../src/engine/engine.ts';
import { engineRun } from '../../helpers/engine-run.ts';

const sdk = await loadSdk();

const optionsOf = (change: Partial<EngineRun>) => claudeOptions(sdk, engineRun(change));

describe('the options of the Claude engine', () => {
  it('always name a permission mode', () => {
    expect(optionsOf({})).toMatchObject({
      permissionMode: 'default',
      allowDangerouslySkipPermissions: false,
    });
    expect(optionsOf({ options: { permissionMode: 'acceptEdits' } })).toMatchObject({
      permissionMode: 'acceptEdits',
    });
    expect(optionsOf({ options: { permissionMode: 'bypassPermissions' } })).toMatchObject({
      permissionMode: 'bypassPermissions',
      allowDangerouslySkipPermissions: true,
    });
  });

  it('keep the caller’s own, but not where the session runs or what it asks', () => {
    const options = optionsOf({
      options: { model: 'm', temperature: 1, cwd: '/', includePartialMessages: false, env: {} },
    });
    expect(options).toMatchObject({ model: 'm', cwd: '/workdir', includePartialMessages: true });
    expect(options.env).toMatchObject({ IS_SANDBOX: '1' });
    expect(options).not.toHaveProperty('temperature');
  });

  it.each(['bypassPermissions', 'acceptEdits', 'dontAsk', 'auto'])(
    'of a supervised agent are not loosened by %s',
    (permissionMode) => {
      const wanted = {
        permissionMode,
        allowedTools: ['Bash'],
        allowDangerouslySkipPermissions: true,
        settings: { permissions: { allow: ['Bash'] } },
        extraArgs: { 'dangerously-skip-permissions': null },
        model: 'm',
      };
      const options = optionsOf({ options: wanted, humanInTheLoop: 'always' });
      expect(options).toMatchObject({
        permissionMode: 'default',
        allowDangerouslySkipPermissions: false,
        model: 'm',
      });
      for (const name of ['allowedTools', 'settings', 'extraArgs']) expect(options).not.toHaveProperty(name);
    },
  );

  it('take no object of this process from the caller, nor the conversation where a store decides', () => {
    const options = { hooks: { PreToolUse: 'x' }, canUseTool: true, resume: 'r', continue: true };
    const alone = claudeOptions(sdk, engineRun({ options }));
    expect(alone).toMatchObject({ resume: 'r', hooks: { PreToolUse: [{ onFailure: 'block' }] } });
    expect(alone.canUseTool).toBeTypeOf('function');
    const sessionStore = { append: async () => undefined, load: async () => null };
    const stored = claudeOptions(sdk, engineRun({ options }), { sessionId: 'engine', sessionStore });
    expect(stored).toMatchObject({ sessionId: 'engine', sessionStore });
    expect([stored.resume, stored.continue]).toEqual([undefined, undefined]);
  });

  it('of a supervised agent’s sub-agents do not let these off', () => {
    const agents = { a: { description: 'd', prompt: 'p', permissionMode: 'bypassPermissions' } };
    const { agents: kept } = optionsOf({ options: { agents }, humanInTheLoop: 'always' });
    expect(kept).toEqual({ a: { description: 'd', prompt: 'p' } });
  });

  it('translate the client’s answer', async () => {
    const asked: PermissionRequest[] = [];
    const ask = async (answer: PermissionAnswer) => {
      const { canUseTool } = optionsOf({
        askPermission: async (request) => {
          asked.push(request);
          return answer;
        },
      });
      const context = { signal: new AbortController().signal, toolUseID: 'toolu_1' };
      return canUseTool?.('Bash', { command: 'ls' }, context as never);
    };
    expect(await ask({ behavior: 'allow', updatedInput: { command: 'pwd' } })).toEqual({
      behavior: 'allow',
      updatedInput: { command: 'pwd' },
      updatedPermissions: [],
    });
    const deny = { behavior: 'deny', message: 'no', interrupt: false } as const;
    expect(await ask(deny)).toEqual(deny);
    expect(asked[0]).toEqual({ callId: 'toolu_1', toolName: 'Bash', input: { command: 'ls' }, risk: 'high' });
  });
});

describe('the environment of the Claude engine', () => {
  it('is what it needs of the harness’s, and what was given', () => {
    const env = claudeEnv(
      {
        HOME: '/home/a',
        PATH: '/bin',
        NODE_EXTRA_CA_CERTS: '/ca.pem',
        SOME_SECRET: 'x',
        AWS_REGION: undefined,
      },
      { ANTHROPIC_API_KEY: 'k', PATH: '/usr/bin' },
    );
    expect(env).toEqual({
      IS_SANDBOX: '1',
      HOME: '/home/a',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
      PATH: '/usr/bin',
      ANTHROPIC_API_KEY: 'k',
    });
  });
});

describe('the end of a turn', () => {
  it('carries the usage', () => {
    const usage = {
      input_tokens: 1,
      output_tokens: 2,
      cache_creation_input_tokens: 3,
      cache_read_input_tokens: 4,
    };
    expect(turnResultOf({ type: 'result', subtype: 'success', usage, total_cost_usd: 0.5 })).toEqual({
      budgetExceeded: false,
      usage: {
        inputTokens: 1,
        outputTokens: 2,
        cacheCreationInputTokens: 3,
        cacheReadInputTokens: 4,
        costUsd: 0.5,
        costSemantic: 'cumulative',
      },
    });
    expect(turnResultOf({ type: 'result', usage: { input_tokens: null } })).toEqual({
      budgetExceeded: false,
      usage: {},
    });
    expect(turnResultOf({ type: 'result', subtype: 'error_max_budget_usd' })).toEqual({
      budgetExceeded: true,
      usage: undefined,
    });
    expect(turnResultOf({ type: 'assistant' })).toBeUndefined();
  });
});

describe('the risk of a tool call', () => {
  it.each([
    ['rm -rf /', 'destructive'],
    ['rm -r -f ~/x', 'destructive'],
    ['rm -rf *', 'destructive'],
    ['sudo rm -r x', 'destructive'],
    ['psql -c "DROP TABLE a"', 'destructive'],
    ['mkfs.ext4 /dev/sda1', 'destructive'],
    ['dd if=x of=/dev/sda', 'destructive'],
    ['sudo reboot', 'destructive'],
    ['echo x > /dev/sda', 'destructive'],
    ['rm a.txt', 'high'],
    ['ls', 'high'],
  ])('of %j is %s', (command, risk) => {
    expect(riskOf('Bash', { command })).toBe(risk);
  });

  it('goes by the name of other tools', () => {
    const risks = ['Read', 'Write', 'WebFetch', 'mcp__a__b', 'Delete', 'constructor'].map((name) =>
      riskOf(name, {}),
    );
    expect(risks).toEqual(['low', 'medium', 'medium', 'medium', 'high', 'medium']);
    expect(riskOf('Bash', null)).toBe('high');
  });
});
