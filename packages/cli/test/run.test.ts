import { readFileSync } from 'node:fs';
import type { EngineRun } from '@computeragent/harness';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/io.ts';
import { USAGE } from '../src/usage.ts';
import { AGENT, cli, harnessWith } from './helpers.ts';

const result = { type: 'result', subtype: 'success' };

/** Does this with each message, then ends the turn. */
const turn =
  (body: (run: EngineRun, content: unknown) => Promise<void> | void, end: object = result) =>
  async (run: EngineRun): Promise<void> => {
    for await (const { content } of run.input) {
      await body(run, content);
      run.message(end);
    }
  };

const text = (said: string) => ({ type: 'assistant', message: { content: [{ type: 'text', text: said }] } });
const piece = (said: string) => ({
  type: 'stream_event',
  event: { type: 'content_block_delta', delta: { type: 'text_delta', text: said } },
});

describe('computeragent run', () => {
  it('says what the agent says, and beside it what it does', async () => {
    await using harness = await harnessWith(
      turn(({ message, usage }, content) => {
        for (const word of ['You said ', String(content)]) message(piece(word));
        message(text(`You said ${String(content)}`));
        message({ type: 'assistant', message: { content: [{ type: 'tool_use', name: 'Write\u001b[2J' }] } });
        message(text('Done.'));
        usage({ inputTokens: 12, outputTokens: 3, costUsd: 0.5, costSemantic: 'delta' });
      }),
    );
    const said = await cli(['run', AGENT, '-m', 'hello', '--harness-url', harness.url]);
    expect(said.out).toBe('You said hello\nDone.\n');
    expect(said.log).toContain('tool: Write\uFFFD[2J');
    expect(said.log).toContain('12 tokens in, 3 out, $0.5000');
    expect(said.status).toBe(0);
  });

  it('asks for the project’s settings alone, and hands on the keys that it is told to and no others', async () => {
    const seen: Pick<EngineRun, 'options' | 'env'>[] = [];
    await using harness = await harnessWith(turn(({ options, env }) => void seen.push({ options, env })));
    const flags = [
      '--max-turns',
      '3',
      '--model',
      'm',
      '--permission-mode',
      'plan',
      '--env',
      'MINE',
      '--base-url',
      'http://h',
    ];
    const env = {
      COMPUTERAGENT_HARNESS_URL: harness.url,
      ANTHROPIC_API_KEY: 'key',
      GIT_TOKEN: 't',
      MINE: 'm',
      OTHER: 'o',
    };
    expect(await cli(['run', AGENT, '-m', 'x', ...flags], { env })).toMatchObject({ status: 0 });
    expect(seen[0]?.options).toMatchObject({
      settingSources: ['project'],
      maxTurns: 3,
      model: 'm',
      permissionMode: 'plan',
    });
    expect(seen[0]?.env).toEqual({
      ANTHROPIC_API_KEY: 'key',
      GIT_TOKEN: 't',
      MINE: 'm',
      ANTHROPIC_BASE_URL: 'http://h',
    });
  });

  it('fails when the turn does, but not with --raw, which tells all', async () => {
    await using harness = await harnessWith(async ({ input }) => {
      for await (const _ of input) throw new Error('no more');
    });
    const words = ['run', AGENT, '-m', 'x', '--harness-url', harness.url];
    const plain = await cli(words);
    expect(plain).toMatchObject({ status: 1, log: expect.stringContaining('the session ended: error') });
    const raw = await cli([...words, '--raw']);
    expect(raw.status).toBe(0);
    const kinds = raw.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect([kinds[0], kinds.at(-1)]).toEqual(['ca_session_started', 'ca_session_ended']);
  });

  it('fails when the engine says that the turn has failed', async () => {
    const end = { type: 'result', subtype: 'error_max_turns', is_error: true };
    await using harness = await harnessWith(turn(() => undefined, end));
    const said = await cli(['run', AGENT, '-m', 'x', '--harness-url', harness.url]);
    expect(said).toMatchObject({
      status: 1,
      log: expect.stringContaining('the turn failed: error_max_turns'),
    });
  });

  const asks = turn(async ({ askPermission, message }) => {
    const answer = async (risk: 'low' | 'high') =>
      (await askPermission({ callId: risk, toolName: 'Bash', input: {}, risk })).behavior;
    message(text(`${await answer('low')} ${await answer('high')}`));
  });

  it.each([
    ['ask where nobody sits', [], {}, 'allow deny'],
    ['ask somebody who says yes', [], { typed: 'a\n' }, 'allow allow'],
    ['ask somebody who says no', [], { typed: 'd\n' }, 'allow deny'],
    ['allow', ['--approve', 'allow'], {}, 'allow allow'],
    ['deny', ['--approve', 'deny'], { typed: 'a\n' }, 'deny deny'],
  ])('decides over tool calls: %s', async (_, flags, given, expected) => {
    await using harness = await harnessWith(asks);
    const said = await cli(['run', AGENT, '-m', 'x', '--harness-url', harness.url, ...flags], given);
    expect(said.out).toBe(`${expected}\n`);
  });

  it('cancels the turn when it is told to end', async () => {
    let cancelled = false;
    const abort = new AbortController();
    await using harness = await harnessWith(async ({ input, signal, message }) => {
      for await (const _ of input) {
        message(text('at work'));
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        cancelled = true;
      }
    });
    const given = { signal: abort.signal, onOut: () => abort.abort() };
    const said = await cli(['run', AGENT, '-m', 'x', '--harness-url', harness.url], given);
    expect(said).toMatchObject({ status: 130, log: 'computeragent: cancelled\n' });
    expect(cancelled).toBe(true);
  });

  it('says what to do where no harness is', async () => {
    const { status, log } = await cli(['run', AGENT, '-m', 'x', '--harness-url', 'http://127.0.0.1:1']);
    expect(status).toBe(1);
    expect(log).toContain('what to do: start one with computeragent-harness, or add --runtime local');
  });
});

describe('a command line that makes no sense', () => {
  it.each([
    [
      ['run', AGENT, '-m', 'x', '--permision-mode', 'plan'],
      'unknown flag --permision-mode: did you mean --permission-mode?',
    ],
    [['rnu'], 'unknown command rnu: did you mean run?'],
    [[], 'no command'],
    [['run', '-m', 'x'], 'run takes one source'],
    [['run', AGENT], 'run needs a message'],
    [['run', AGENT, '-m', ''], 'run needs a message'],
    [['run', 'inline:{', '-m', 'x'], 'an object in JSON'],
    [
      ['run', AGENT, '-m', 'x', '--runtime', 'lokal'],
      'unknown value of --runtime lokal: did you mean local?',
    ],
    [['run', AGENT, '-m', 'x', '--runtime', 'local', '--harness-url', 'http://h'], 'give no URL or token'],
    [['run', AGENT, '-m', 'x', '--base', 'debian'], '--base needs --runtime vzvm'],
    [['run', AGENT, '-m', 'x', '--max-turns', '0'], '--max-turns 0'],
    [['run', AGENT, '-m', 'x', '--env', 'KEY=secret-value'], 'never its value'],
    [['run', AGENT, '-m', 'x', '--env', 'NONE'], 'there is no such variable'],
    [['run', AGENT, '-m', 'x', '--store', 'f'], '--store needs --session-id'],
    [['run', AGENT, '-m', 'x', '--harness-url', 'h:1'], 'must be http://HOST:PORT'],
    [['run', AGENT, '-m', 'x', '--approve', 'no'], 'unknown value of --approve'],
    [['health', 'x'], 'health takes no words'],
    [['conformance', '--level', 'strickt'], 'did you mean strict?'],
    [['health', '--json=1'], '--json'],
    [['health', '--token-stdin'], 'holds no token'],
  ])('%j is told what is wrong with it', async (argv, reason) => {
    const { status, log, out } = await cli(argv);
    expect(log).toContain(reason);
    expect(log).toContain('usage: computeragent run');
    expect([status, out]).toEqual([64, '']);
    expect(log).not.toContain('secret-value');
  });

  it('is not one that asks for help', async () => {
    expect(await cli(['--help'])).toMatchObject({
      status: 0,
      out: expect.stringContaining('usage: computeragent'),
    });
  });
});

it('is documented: what docs/cli.md tells of flags and statuses is so', () => {
  const docs = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const [ours = ''] = docs.split('## `computeragent-harness`').slice(0, 1);
  for (const [flag] of ours.matchAll(/--[a-z][a-z-]+/g)) expect(USAGE).toContain(flag);
  const told = [...ours.matchAll(/^\| (\d+) /gm)].map((match) => Number(match[1]));
  expect(told).toEqual(Object.values(EXIT));
});
