import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createApp, gitAgentProtocolLoader, listen } from '@computeragent/harness';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { agentOn } from './helpers/agent.ts';
import { scriptedEngine } from './helpers/scripted-engine.ts';

const BYTES = new Uint8Array([0xff, 0, 0xaa, 0x55, 0x7f, 0x80, 1]);

let folder: string;
let agentFolder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdk-folder-'));
  agentFolder = join(folder, 'agent');
  await mkdir(join(agentFolder, 'skills/count'), { recursive: true });
  const manifest =
    'name: packed\nversion: "1.0.0"\ncompliance: { supervision: { human_in_the_loop: always } }\n';
  await writeFile(join(agentFolder, 'agent.yaml'), manifest);
  await writeFile(join(agentFolder, 'skills/count/SKILL.md'), '---\nname: count\ndescription: d\n---\n');
  await writeFile(join(agentFolder, 'skills/count/run.sh'), '#!/bin/sh\necho counted\n');
  await chmod(join(agentFolder, 'skills/count/run.sh'), 0o755);
  await writeFile(join(agentFolder, 'skills/count/table.bin'), BYTES);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Runs the agent's skill where the engine looks for it, after it has asked. */
const engine = scriptedEngine(async ({ cwd, input, askPermission, message }) => {
  for await (const _ of input) {
    const answer = await askPermission({ callId: 'c', toolName: 'Bash', input: 'run.sh', risk: 'low' });
    const skill = join(cwd, '.claude/skills/count');
    const { stdout } = await promisify(execFile)(join(skill, 'run.sh'));
    const bytes = [...(await readFile(join(skill, 'table.bin')))];
    const { mode } = await stat(join(cwd, 'agent.yaml'));
    message({ type: 'result', stdout, bytes, mode: mode & 0o111, behavior: answer.behavior });
  }
  return 'complete';
});

it('a folder of this machine arrives whole, its programs run, and its rule about people holds', async () => {
  const base = join(folder, 'machine');
  const app = createApp({ engines: [engine], loaders: [gitAgentProtocolLoader()], workdirBase: base });
  const server = await listen(app, '127.0.0.1', 0);
  try {
    await using agent = agentOn(`http://127.0.0.1:${server.port}`, { source: agentFolder });
    const { messages } = await agent.chat('run');
    expect(messages).toEqual([
      { type: 'result', stdout: 'counted\n', bytes: [...BYTES], mode: 0, behavior: 'deny' },
    ]);
    // Of somebody who is there to decide.
    await using watched = agentOn(`http://127.0.0.1:${server.port}`, {
      source: agentFolder,
      onToolCall: ({ requiresHuman }) => ({ decision: requiresHuman ? 'allow' : 'deny' }),
    });
    expect((await watched.chat('run')).messages[0]).toMatchObject({ behavior: 'allow' });
  } finally {
    await server.close();
  }
  expect(await readdir(join(base, 'computeragent-sessions'))).toEqual([]);
});
