import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { IdentitySource } from '@computeragent/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeFiles } from '../helpers/git-server.ts';
import { type IdentityFolder, identityFolder } from '../helpers/identity-folder.ts';

let folder: string;
let workdir: string;
let load: IdentityFolder['load'];
beforeEach(async () => {
  ({ folder, workdir, load } = await identityFolder());
});
const yaml = (more = '') => `name: writer\nversion: 1.0.0\n${more}`;
const inline = (files: Record<string, string>): IdentitySource => ({ type: 'inline', manifest: {}, files });

describe('an inline agent', () => {
  it('needs no files: its manifest becomes agent.yaml', async () => {
    const manifest = {
      name: 'a: b',
      version: '1',
      model: { preferred: 'm' },
      runtime: { max_turns: 3, budget_usd: 0.5 },
    };
    const identity = await load({ type: 'inline', manifest });
    expect(identity).toMatchObject({ name: 'a: b', version: '1', humanInTheLoop: 'none' });
    expect(identity.options).toMatchObject({ model: 'm', maxTurns: 3, maxBudgetUsd: 0.5 });
    expect(await readdir(workdir)).toEqual(['agent.yaml']);
  });

  it('is described to the engine by its files, in order', async () => {
    const files = {
      'agent.yaml': yaml('description: Writes things.\n'),
      'AGENTS.md': 'be three\n',
      'RULES.md': 'be two\n',
      'SOUL.md': '\nbe one\n',
    };
    const { options } = await load(inline(files));
    expect(options['systemPrompt']).toEqual({
      type: 'preset',
      preset: 'claude_code',
      append:
        '# Identity\n\nwriter (version 1.0.0)\n\nWrites things.\n\n# Soul\n\nbe one\n\n# Rules\n\nbe two\n\n# Agents\n\nbe three',
    });
  });

  it('may write its version as a number', async () => {
    expect(await load(inline({ 'agent.yaml': 'name: a\nversion: 1.5' }))).toMatchObject({ version: '1.5' });
  });

  it.each([
    ['has no name', 'version: "1"'],
    ['is not YAML', 'name: ['],
    ['is no mapping', '- a'],
    ['has a negative budget', yaml('runtime: { budget_usd: -1 }')],
  ])('is refused when its manifest %s', async (_what, text) => {
    await expect(load(inline({ 'agent.yaml': text }))).rejects.toMatchObject({
      code: 'VALIDATION',
      status: 400,
      message: expect.stringMatching(/^agent\.yaml: /),
    });
  });

  it.each([
    ['always', 'always'],
    ['destructive', 'destructive'],
    ['conditional', 'destructive'],
    ['advisory', 'none'],
    ['none', 'none'],
    ['sometimes', 'always'],
    ['true', 'always'],
    ['false', 'none'],
  ])('supervised %s is supervised %s', async (wanted, expected) => {
    const text = yaml(`compliance: { supervision: { human_in_the_loop: ${wanted} } }`);
    expect(await load(inline({ 'agent.yaml': text }))).toMatchObject({ humanInTheLoop: expected });
  });

  it('says which of its parts are not read', async () => {
    const text = yaml('extends: ../base\nskills: [s]\ntools: [t]\nmodel: { preferred: "openai:gpt-4o" }\n');
    const { warnings, options } = await load(inline({ 'agent.yaml': text, 'memory/MEMORY.md': '' }));
    expect(options).not.toHaveProperty('model');
    expect(warnings).toEqual([
      'memory/: is not loaded; the agent can read it as files',
      'agent.yaml: extends is not followed',
      'agent.yaml: there is no skill s',
      'agent.yaml: there is no tool t',
      'agent.yaml: the model openai:gpt-4o is not of this engine',
    ]);
  });

  it('may be written as the published form has it', async () => {
    const text = yaml(`description: d
spec_version: "0.1.0"
model: { preferred: "anthropic:claude-a", fallback: ["anthropic:claude-b"] }
compliance:
  supervision:
    human_in_the_loop: conditional
    escalation_triggers: [{ confidence_below: 0.7 }, { action_type: trade }]
`);
    const identity = await load(inline({ 'agent.yaml': text, 'DUTIES.md': 'be a checker' }));
    expect(identity).toMatchObject({ humanInTheLoop: 'destructive', warnings: [] });
    expect(identity.options).toMatchObject({ model: 'claude-a', fallbackModel: 'claude-b' });
    expect(JSON.stringify(identity.options)).toContain('# Duties\\n\\nbe a checker');
  });

  it('writes nothing outside its working directory', async () => {
    await expect(load(inline({ '../x': '' }))).rejects.toMatchObject({ code: 'PATH_ESCAPE' });
    expect(await readdir(folder)).toEqual(['workdir']);
  });
});

describe('a local agent', () => {
  it('is copied', async () => {
    const path = join(folder, 'agent');
    await writeFiles({ 'agent.yaml': yaml(), 'data/a.txt': 'text' }, path);
    expect(await load({ type: 'local', path })).toMatchObject({ name: 'writer' });
    expect(await readFile(join(workdir, 'data/a.txt'), 'utf8')).toBe('text');
  });

  it('is refused when it is not there, or has no manifest', async () => {
    const missing = load({ type: 'local', path: join(folder, 'none') });
    await expect(missing).rejects.toMatchObject({ code: 'VALIDATION', status: 400 });
    await mkdir(join(folder, 'empty'));
    const empty = load({ type: 'local', path: join(folder, 'empty') });
    await expect(empty).rejects.toMatchObject({
      code: 'VALIDATION',
      message: expect.stringContaining('agent.yaml'),
    });
  });

  it('keeps its links and bits as they are, and leaves out what is no file', async () => {
    const path = join(folder, 'agent');
    await writeFiles({ 'agent.yaml': yaml(), 'run.sh': '' }, path);
    await chmod(join(path, 'run.sh'), 0o755);
    await symlink('run.sh', join(path, 'link'));
    const socket = createServer().listen(join(path, 'socket'));
    await once(socket, 'listening');
    const { warnings } = await load({ type: 'local', path });
    socket.close();
    expect(warnings).toEqual(['socket is neither a file nor a folder and was not copied']);
    expect(await readlink(join(workdir, 'link'))).toBe('run.sh');
    expect((await stat(join(workdir, 'run.sh'))).mode & 0o777).toBe(0o755);
  });

  it('cannot be a folder that holds the working directory', async () => {
    await writeFiles({ 'agent.yaml': yaml() }, folder);
    await expect(load({ type: 'local', path: folder })).rejects.toMatchObject({ code: 'VALIDATION' });
  });

  it('cannot make a file of the machine a part of its prompt', async () => {
    const path = join(folder, 'agent');
    await writeFiles({ 'agent.yaml': yaml() }, path);
    await writeFile(join(folder, 'secret'), 'secret');
    await symlink(join(folder, 'secret'), join(path, 'SOUL.md'));
    await expect(load({ type: 'local', path })).rejects.toMatchObject({ code: 'PATH_ESCAPE' });
  });
});
