import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  HarnessProtocolError,
  type ComputerAgentOptions,
  UnknownEngineError,
  UnknownLoaderError,
  UnknownStoreError,
} from '../src/index.ts';
import { agentOn } from './helpers/agent.ts';
import { answerAt, json, reject, ScriptedHarness } from './helpers/scripted-harness.ts';
import { simulatedTime } from './helpers/simulated-time.ts';

describe('a request', () => {
  it.each([
    ['POST', '/v1/sessions', 'createMs'],
    ['POST', '/messages', 'requestMs'],
    ['GET', '/events', 'requestMs'],
  ])('%s %s that is not answered ends at its deadline', async (method, path, name) => {
    using time = simulatedTime();
    await using harness = await ScriptedHarness.start();
    const held: ServerResponse[] = [];
    harness.reply = answerAt(path, (response) => void held.push(response));
    await using agent = agentOn(harness.url, { timeouts: { [name]: 30 }, reconnect: { attempts: 0 } });
    const failed = agent.chat('hi').then(undefined, (reason: unknown) => reason);
    await harness.until(`${method} ${path}`);
    await time.pass(30);
    const error = await failed;
    expect(error).toMatchObject({ name: 'HarnessConnectionError' });
    const timeout = path === '/events' ? (error as Error).cause : error;
    expect(timeout).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('within 30 ms') });
  });

  it('ends at its deadline in the middle of a body, and with a fetch that knows no signals', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/fs/file', (response) => void response.writeHead(200).write('half'));
    await using agent = agentOn(harness.url, {
      timeouts: { transferMs: 30 },
      fetch: (input, init) => fetch(input, { ...init, signal: null }),
    });
    await agent.ensureSession();
    await expect(agent.fetchArtifact('x')).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('to nobody says who was not there, and not the secret of its path', async () => {
    const harness = await ScriptedHarness.start();
    const url = `${harness.url}/t/TOKEN`;
    await harness[Symbol.asyncDispose]();
    await using agent = agentOn(url);
    const error: unknown = await agent.chat('hi').then(undefined, (reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'UNREACHABLE', message: expect.stringMatching(/ECONNREFUSED/) });
    expect(String(error)).not.toContain('TOKEN');
  });

  it.each<[string, { readonly name: string }, string, Partial<ComputerAgentOptions>]>([
    ['UNKNOWN_ENGINE', UnknownEngineError, 'claude-agent-skd', { harness: 'claude-agent-skd' }],
    ['UNKNOWN_LOADER', UnknownLoaderError, 'claude-agent', { identityLoader: 'claude-agent' }],
    ['UNKNOWN_STORE', UnknownStoreError, 'claude-agents', { sessionStore: { kind: 'claude-agents' } }],
  ])(
    'that is rejected with %s names what there is, and the nearest',
    async (code, type, requested, options) => {
      await using harness = await ScriptedHarness.start();
      const available = ['deepagents', 'claude-agent-sdk'];
      harness.reply = answerAt('/v1/sessions', (response) => reject(response, 400, code, 'x', { available }));
      await using agent = agentOn(harness.url, options);
      const error: unknown = await agent.ensureSession().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(type as typeof HarnessProtocolError);
      expect(error).toBeInstanceOf(HarnessProtocolError);
      expect(error).toMatchObject({ name: type.name, code, status: 400, requested, available });
      expect(String(error)).toContain('deepagents, claude-agent-sdk. Did you mean claude-agent-sdk?');
    },
  );

  it('for a name that is far from all gets no guess', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/v1/sessions', (response) => reject(response, 400, 'UNKNOWN_ENGINE', 'x'));
    await using agent = agentOn(harness.url);
    await expect(agent.ensureSession()).rejects.toThrow(/available: none\.$/);
  });

  it('that something else answers keeps status and text, without the secret of the path', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/v1/sessions', (response) =>
      response.writeHead(404).end('Cannot POST /t/TOKEN/v1/sessions'),
    );
    await using agent = agentOn(`${harness.url}/t/TOKEN`);
    await expect(agent.ensureSession()).rejects.toMatchObject({
      code: 'HTTP_404',
      message: 'the session could not be created: status 404: Cannot POST /v1/sessions',
    });
  });

  it('that is accepted without a session is none of a harness', async () => {
    await using harness = await ScriptedHarness.start();
    harness.reply = answerAt('/v1/sessions', (response) => json(response, 200, { hello: 'world' }));
    await using agent = agentOn(harness.url);
    await expect(agent.ensureSession()).rejects.toThrow('no session id');
  });

  it('for a file of a session that is gone rejects', async () => {
    await using harness = await ScriptedHarness.start();
    await using agent = agentOn(harness.url);
    await agent.ensureSession();
    harness.reply = (response, { url }) => {
      if (!url.includes('/s1')) return false;
      reject(response, 404, 'NOT_FOUND', 'session s1 not found');
      return true;
    };
    await expect(agent.fetchArtifact('x')).rejects.toMatchObject({ code: 'NOT_FOUND', status: 404 });
  });
});
