import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ttyApproval, type ToolCallContext, type TtyApprovalOptions } from '../src/index.ts';

const call = (context: Partial<ToolCallContext> = {}): ToolCallContext => ({
  callId: 'c',
  toolName: 'Bash',
  input: { command: 'rm -rf /' },
  risk: 'destructive',
  signal: new AbortController().signal,
  ...context,
});

/** Someone at a terminal who types these lines, each when a question was asked. */
function person(...answers: readonly string[]) {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const left = [...answers];
  let seen = '';
  stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
    if (!/[?:\]] $/.test(seen)) return;
    const next = left.shift();
    if (next === undefined) stdin.end();
    else stdin.write(`${next}\n`);
  });
  const decide = (context: Partial<ToolCallContext> = {}, options: TtyApprovalOptions = {}) =>
    ttyApproval({ stdin, stdout, ...options })(call(context));
  return { decide, screen: () => seen };
}

describe('ttyApproval', () => {
  it.each([
    [['a'], { decision: 'allow' }],
    [['d', ''], { decision: 'deny' }],
    [['d', 'too much'], { decision: 'deny', reason: 'too much' }],
    [['x', 'what', 'a'], { decision: 'allow' }],
    [['m', '{"command":"ls"}'], { decision: 'modify', input: { command: 'ls' } }],
    [['m', 'no json', 'm', '', 'd', ''], { decision: 'deny' }],
    [[], { decision: 'deny', reason: 'nobody was there to answer' }],
  ])('answered with %j is %j', async (answers, decision) => {
    const { decide, screen } = person(...answers);
    expect(await decide()).toEqual(decision);
    expect(screen()).toContain('rm -rf /');
  });

  it.each<[Partial<ToolCallContext>, TtyApprovalOptions, boolean]>([
    [{ risk: 'high' }, {}, false],
    [{ risk: 'destructive' }, {}, true],
    [{ risk: 'low' }, { riskGate: 'medium' }, false],
    [{ risk: 'medium' }, { riskGate: 'medium' }, true],
    [{ risk: 'low' }, { riskGate: 'none' }, true],
    [{ risk: 'low', requiresHuman: true }, {}, true],
    [{ risk: 'low', requiresHuman: true }, { riskGate: 'medium' }, false],
  ])('asks about %j with %j: %s', async (context, options, asked) => {
    const { decide, screen } = person('d', '');
    expect((await decide(context, options)).decision).toBe(asked ? 'deny' : 'allow');
    expect(screen() !== '').toBe(asked);
  });

  it('asks about a call of unknown risk', async () => {
    const { risk: _, ...unknown } = call();
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    stdin.end();
    expect(await ttyApproval({ stdin, stdout })(unknown)).toMatchObject({ decision: 'deny' });
  });

  it('takes the default where nobody answers', async () => {
    expect(await person().decide({}, { defaultDecision: 'allow' })).toEqual({ decision: 'allow' });
  });

  it('stops asking when the answer is not wanted any more', async () => {
    const stop = new AbortController();
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('[m]odify?')) stop.abort();
    });
    await expect(ttyApproval({ stdin, stdout })(call({ signal: stop.signal }))).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(stdin.listenerCount('keypress')).toBe(0);
  });

  it('asks one question at a time', async () => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const decide = ttyApproval({ stdin, stdout });
    let text = '';
    let answered = 0;
    stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (chunk.toString().includes('[m]odify?')) {
        answered += 1;
        stdin.write('a\n');
      }
    });
    await Promise.all([decide(call({ toolName: 'One' })), decide(call({ toolName: 'Two' }))]);
    expect(answered).toBe(2);
    expect(text.indexOf('Two')).toBeGreaterThan(text.indexOf('[m]odify?'));
  });

  it('shows what a terminal would hide', async () => {
    const { decide, screen } = person('a');
    await decide({ toolName: 'A\u001b[2K', input: { command: 'a\u202eb\u009b2J' } });
    expect(screen()).toContain('A\\u001b[2K');
    expect(screen()).toContain('a\\u202eb\\u009b2J');
  });

  it('has a model change the input, and asks whether that is meant', async () => {
    const bodies: { model: string; messages: { content: string }[] }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(JSON.parse(body) as (typeof bodies)[number]);
        expect([request.url, request.headers['x-api-key']]).toEqual(['/v1/messages', 'key']);
        const text = '```json\n{"command":"ls"}\n```';
        response.end(JSON.stringify({ content: [{ type: 'text', text }] }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const anthropicBaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const options = { anthropicApiKey: 'key', anthropicBaseUrl };
      const { decide, screen } = person('m', 'only list', 'n', 'm', 'only list', 'y');
      expect(await decide({}, options)).toEqual({ decision: 'modify', input: { command: 'ls' } });
      expect(screen()).toContain('"command": "ls"');
      expect(bodies.map(({ model }) => model)).toEqual(['claude-haiku-4-5', 'claude-haiku-4-5']);
      expect(JSON.parse(bodies[0]?.messages[0]?.content ?? '')).toMatchObject({ change: 'only list' });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
