import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ComputerAgent, type PermissionDecision, type ToolCallContext } from '@computeragent/sdk';
import { describe, expect, it } from 'vitest';
import { demoAgent } from '../../../examples/demo/agent.ts';
import {
  answersTool,
  HELLO,
  type Scene,
  startScriptedMessagesApi,
} from '../../../examples/scripted-messages-api.ts';
import { TestSubstrate } from './helpers/local.ts';

// What people try first, and how: with the SDK, with bare requests, and with curl alone.

const execute = promisify(execFile);
const ZIP = [0x50, 0x4b, 0x03, 0x04, 0xff, 0x00];

async function scriptedApi(scene?: Scene) {
  const api = await startScriptedMessagesApi(scene);
  return { ...api, [Symbol.asyncDispose]: () => api.close() };
}

const envsFor = (url: string, folder: string) => ({
  ANTHROPIC_API_KEY: 'scripted',
  ANTHROPIC_BASE_URL: url,
  TEST_FOLDER: folder,
});

/** A model that runs one command, and says so. */
const running =
  (command: string): Scene =>
  (asked) => {
    if (answersTool(asked)) return [{ type: 'text', text: 'Done.' }];
    if (asked.tools?.some(({ name }) => name === 'Bash') !== true) return [{ type: 'text', text: 'Hello.' }];
    return [{ type: 'tool_use', name: 'Bash', input: { command, description: 'makes a file' } }];
  };

describe('what people try first', () => {
  it('is an agent that writes a file, which bare requests without any header then read', async () => {
    await using api = await scriptedApi();
    await using local = await TestSubstrate.make();
    await using agent = new ComputerAgent({
      ...demoAgent,
      envs: envsFor(api.url, local.folder),
      runtime: local.substrate,
    });
    const chat = agent.chat('Write a file named hello.md that says hello.');
    for await (const event of chat) expect(event.kind).toBeTypeOf('string');
    const at = `${await agent.harnessUrl()}/v1/sessions/${await chat.sessionId()}/fs`;
    const tree = (await (await fetch(`${at}/tree?depth=1`)).json()) as { entries: { path: string }[] };
    expect(tree.entries.map(({ path }) => path)).toContain(HELLO.name);
    expect(await (await fetch(`${at}/file?path=${HELLO.name}`)).text()).toBe(HELLO.text);
  });

  it('is a file of bytes', async () => {
    const bytes = ZIP.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    await using api = await scriptedApi(running(`printf '${bytes}' > made.zip`));
    await using local = await TestSubstrate.make();
    await using agent = new ComputerAgent({
      ...demoAgent,
      envs: envsFor(api.url, local.folder),
      runtime: local.substrate,
    });
    await agent.chat('Make a zip.');
    expect([...((await agent.fetchArtifact('made.zip')) ?? [])]).toEqual(ZIP);
    expect((await agent.listWorkdir({ depth: 1 })).map(({ path }) => path)).toContain('made.zip');
    expect(await agent.fetchArtifact('none.zip')).toBeNull();
  });

  const modified: PermissionDecision = {
    decision: 'modify',
    input: { command: 'touch modified', description: 'another file' },
  };
  it.each<[PermissionDecision, string[]]>([
    [{ decision: 'allow' }, ['asked']],
    [{ decision: 'deny', reason: 'not today' }, []],
    [modified, ['modified']],
  ])('is a person who decides, although the caller wants nobody asked: %j', async (decision, made) => {
    await using api = await scriptedApi(running('touch asked'));
    await using local = await TestSubstrate.make();
    const asked: Pick<ToolCallContext, 'toolName' | 'requiresHuman'>[] = [];
    await using agent = new ComputerAgent({
      ...demoAgent,
      source: {
        ...demoAgent.source,
        manifest: {
          ...demoAgent.source.manifest,
          compliance: { supervision: { human_in_the_loop: 'always' } },
        },
      },
      envs: envsFor(api.url, local.folder),
      runtime: local.substrate,
      onToolCall: ({ toolName, requiresHuman }) => {
        asked.push({ toolName, ...(requiresHuman === undefined ? {} : { requiresHuman }) });
        return decision;
      },
    });
    const { ended } = await agent.chat('Make a file.');
    expect(ended.reason).toBe('complete');
    expect(asked).toEqual([{ toolName: 'Bash', requiresHuman: true }]);
    const files = (await agent.listWorkdir({ depth: 0 })).map(({ path }) => path);
    expect(files.filter((path) => ['asked', 'modified'].includes(path))).toEqual(made);
  });

  it('is curl: a session without streaming, a message, its events, its files, its end', async () => {
    await using api = await scriptedApi();
    await using local = await TestSubstrate.make();
    const booted = await local.substrate.bootHarness({ envs: {} });
    const curl = async (path: string, ...args: string[]) =>
      (await execute('curl', ['-sS', '--max-time', '60', ...args, `${booted.baseUrl}/v1/${path}`])).stdout;
    const post = (path: string, body: object, ...args: string[]) =>
      curl(path, '-H', 'content-type: application/json', '-d', JSON.stringify(body), ...args);
    const { source, harness: engine, options } = demoAgent;
    const identity = { loader: 'gitagentprotocol', source };
    const session = { engine, identity, options, envs: envsFor(api.url, local.folder) };
    const { sessionId } = JSON.parse(await post('sessions', session)) as { sessionId: string };
    expect(sessionId).toMatch(/^sess_/);
    const at = `sessions/${sessionId}`;
    const message = { role: 'user', content: 'Write a file named hello.md that says hello.' };
    expect(JSON.parse(await post(`${at}/messages`, { message }))).toEqual({ ok: true });
    const events = await curl(`${at}/events`, '-N');
    expect(events).toMatch(/^event: ca_session_started\n/);
    expect(events).toContain('event: ca_session_ended\n');
    expect(await curl(`${at}/fs/tree?depth=1`)).toContain(`"path":"${HELLO.name}"`);
    expect(await curl(`${at}/fs/file?path=${HELLO.name}`)).toBe(HELLO.text);
    expect(JSON.parse(await curl(at, '-X', 'DELETE'))).toEqual({ ok: true });
    expect(JSON.parse(await curl(at, '-X', 'DELETE'))).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect(await local.workdirs()).toEqual([]);
    const chat = await post('chat', { ...session, messages: [message] }, '-N');
    expect(chat).toContain('event: ca_session_ended\n');
    await booted.shutdown();
    expect(local.processes()).toEqual([]);
  });
});
