import { describe, expect, it } from 'vitest';
import { agentOn } from './helpers/agent.ts';
import { json, ScriptedHarness } from './helpers/scripted-harness.ts';

const bodyOf = (seen: { readonly body: string } | undefined): unknown => JSON.parse(seen?.body ?? 'null');

describe('the session', () => {
  it('is created with what the options say, and without messages', async () => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url, {
      source: 'github.com/org/agent',
      harness: 'claude-agent-sdk',
      envs: { KEY: 'k' },
      baseUrl: 'http://model.test',
      model: 'm',
      temperature: 0,
      options: { model: 'loses', maxTurns: 3 },
      sessionId: 'mine',
      sessionStore: { kind: 'file', options: { root: '/r' } },
      attachments: [{ path: 'a.txt', content: 'x' }],
      policy: { kind: 'srs', endpoint: 'e', apiKey: 'k', policyId: 'p', principalId: 'q' },
    });
    expect(agent.sessionId).toBe('mine');
    await agent.chat('hi');
    expect(agent.sessionId).toBe('s1');
    expect(harness.sent('POST /v1/sessions').map(bodyOf)).toEqual([
      {
        engine: 'claude-agent-sdk',
        identity: { loader: 'gitagentprotocol', source: { type: 'git', url: 'github.com/org/agent' } },
        streamingInput: true,
        envs: { KEY: 'k', ANTHROPIC_BASE_URL: 'http://model.test' },
        options: { model: 'm', maxTurns: 3, temperature: 0 },
        sessionId: 'mine',
        sessionStore: { kind: 'file', options: { root: '/r' } },
        attachments: [{ path: 'a.txt', content: 'x' }],
        policy: { kind: 'srs', endpoint: 'e', apiKey: 'k', policyId: 'p', principalId: 'q' },
      },
    ]);
  });

  it.each([
    ['/only/the/harness/has/it', 'local'],
    ['host.test/x', 'git'],
  ])('of the source %s is %s, and leaves out what is empty', async (source, type) => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url, { source, envs: {}, attachments: [] });
    await agent.ensureSession();
    const written = type === 'git' ? { type, url: source } : { type, path: source };
    expect(bodyOf(harness.sent('POST /v1/sessions')[0])).toEqual({
      engine: 'scripted',
      identity: { loader: 'gitagentprotocol', source: written },
      streamingInput: true,
    });
  });

  it('is created once, by whatever comes first', async () => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url);
    expect(await Promise.all([agent.ensureSession(), agent.ensureSession()])).toEqual(['s1', 's1']);
    await agent.chat('one');
    await agent.chat('two');
    expect(harness.sent('POST /v1/sessions')).toHaveLength(1);
  });

  it('and its calls are named in encoded form, below the prefix of the address', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = (response, seen) => {
      if (!seen.url.endsWith('/v1/sessions')) return false;
      json(response, 201, { sessionId: '../a b?#' });
      return true;
    };
    await using agent = agentOn(`${harness.url}/t/TOKEN/`);
    await agent.chat('hi');
    await agent.fetchArtifact('dir/a b&c.txt');
    const paths = harness.seen.map(({ url }) => url);
    expect(paths[0]).toBe('/t/TOKEN/v1/sessions');
    expect(paths).toContain('/t/TOKEN/v1/sessions/..%2Fa%20b%3F%23/messages');
    expect(paths).toContain('/t/TOKEN/v1/sessions/..%2Fa%20b%3F%23/fs/file?path=dir%2Fa%20b%26c.txt');
    expect(await agent.harnessUrl()).toBe(`${harness.url}/t/TOKEN`);
  });

  it.each(['baseUrl', 'harnessUrl'] as const)('is refused at once with a %s that is none', (name) => {
    expect(() => agentOn('http://127.0.0.1:1', { [name]: 'not a url' })).toThrow(`invalid ${name}`);
  });
});

describe('the files', () => {
  it('are written, fetched and listed', async () => {
    await using harness = await ScriptedHarness.start();
    const entries = [{ path: 'a', type: 'file', size: 1, mtime: 2, mode: 3 }];
    harness.reply = (response, seen) => {
      if (!seen.url.includes('/fs/tree')) return false;
      json(response, 200, { entries });
      return true;
    };
    await using agent = agentOn(harness.url);
    await expect(agent.fetchArtifact('x')).rejects.toThrow('no session yet');
    await agent.ensureSession();
    await agent.writeArtifact('dir/ü.txt', new TextEncoder().encode('grüß'));
    expect(await agent.fetchArtifactText('dir/ü.txt')).toBe('grüß');
    expect(await agent.fetchArtifact('dir/ü.txt')).toEqual(new TextEncoder().encode('grüß'));
    expect(await agent.fetchArtifactText('session.txt')).toBeNull();
    expect(await agent.listWorkdir({ path: 'd', depth: 2 })).toEqual(entries);
    expect(harness.seen.at(-1)?.url).toMatch(/\/fs\/tree\?path=d&depth=2$/);
  });
});
