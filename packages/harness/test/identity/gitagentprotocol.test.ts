import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { IdentitySource } from '@computeragent/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitAgentProtocolLoader } from '../../src/identity/gitagentprotocol.ts';

const never = new AbortController().signal;
let folder: string;
let workdir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'identity-test-'));
  workdir = join(folder, 'workdir');
  await mkdir(workdir);
});
afterEach(() => rm(folder, { recursive: true }));

const load = (source: IdentitySource, signal = never) =>
  gitAgentProtocolLoader().load(source, workdir, signal);
const yaml = (more = '') => `name: writer\nversion: 1.0.0\n${more}`;
const inline = (files: Record<string, string>): IdentitySource => ({ type: 'inline', manifest: {}, files });

async function write(files: Readonly<Record<string, string>>, at: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(at, path)), { recursive: true });
    await writeFile(join(at, path), text);
  }
}

/** A repository with two commits; returns its URL and both commits. */
async function repository(files: Readonly<Record<string, string>>) {
  const at = join(folder, 'repository');
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', at, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      encoding: 'utf8',
    }).trim();
  await write(files, at);
  git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
  const first = git('rev-parse', 'HEAD');
  git('tag', 'v1');
  await write({ 'SOUL.md': 'changed' }, at);
  git('add', '.');
  git('commit', '--quiet', '-m', 'two');
  return { url: `file://${at}`, first, second: git('rev-parse', 'HEAD') };
}

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
  ])('supervised %s is supervised %s', async (wanted, expected) => {
    const text = yaml(`compliance: { supervision: { human_in_the_loop: ${wanted} } }`);
    expect(await load(inline({ 'agent.yaml': text }))).toMatchObject({ humanInTheLoop: expected });
  });

  it('says which of its parts are not read', async () => {
    const { warnings } = await load(inline({ 'agent.yaml': yaml(), 'hooks/hooks.yaml': '' }));
    expect(warnings).toEqual(['hooks/ is not read by this version']);
  });

  it('writes nothing outside its working directory', async () => {
    await expect(load(inline({ '../x': '' }))).rejects.toMatchObject({ code: 'PATH_ESCAPE' });
    expect(await readdir(folder)).toEqual(['workdir']);
  });
});

describe('a local agent', () => {
  it('is copied', async () => {
    const path = join(folder, 'agent');
    await write({ 'agent.yaml': yaml(), 'data/a.txt': 'text' }, path);
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

  it('cannot make a file of the machine a part of its prompt', async () => {
    const path = join(folder, 'agent');
    await write({ 'agent.yaml': yaml() }, path);
    await writeFile(join(folder, 'secret'), 'secret');
    await symlink(join(folder, 'secret'), join(path, 'SOUL.md'));
    await expect(load({ type: 'local', path })).rejects.toMatchObject({ code: 'PATH_ESCAPE' });
  });
});

describe('an agent from git', () => {
  it('is cloned at its newest commit, at a tag, and at a commit', async () => {
    const { url, first, second } = await repository({ 'agent.yaml': yaml(), 'SOUL.md': 'first' });
    const soulAt = async (ref?: string) => {
      await rm(workdir, { recursive: true });
      await mkdir(workdir);
      const { sha } = await load({ type: 'git', url, ...(ref === undefined ? {} : { ref }) });
      return [sha, await readFile(join(workdir, 'SOUL.md'), 'utf8')];
    };
    expect(await soulAt()).toEqual([second, 'changed']);
    expect(await soulAt('main')).toEqual([second, 'changed']);
    expect(await soulAt('v1')).toEqual([first, 'first']);
    expect(await soulAt(first)).toEqual([first, 'first']);
  });

  it('may be in a folder of its repository, and only there', async () => {
    const { url } = await repository({ 'agents/a/agent.yaml': yaml() });
    expect(await load({ type: 'git', url, subdir: 'agents/a' })).toMatchObject({ name: 'writer' });
    await rm(workdir, { recursive: true });
    await mkdir(workdir);
    await expect(load({ type: 'git', url, subdir: '../..' })).rejects.toMatchObject({ code: 'PATH_ESCAPE' });
  });

  it('is refused when git cannot get it, without its password', async () => {
    const source = { type: 'git' as const, url: 'http://user:hunter2@127.0.0.1:1/a.git' };
    const error = await load(source).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'VALIDATION', status: 400 });
    expect(String(error)).toContain('***@127.0.0.1');
    expect(String(error)).not.toContain('hunter2');
  });

  it.each(['git', 'http'])('is given up at its deadline, over %s', async (scheme) => {
    await using server = await silentServer();
    const source = { type: 'git' as const, url: `${scheme}://127.0.0.1:${server.port}/a` };
    const late = gitAgentProtocolLoader({ cloneTimeoutMs: 100 }).load(source, workdir, never);
    await expect(late).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('100 ms'),
    });
  });

  it.each(['git', 'http'])('is given up when the client leaves, over %s', async (scheme) => {
    await using server = await silentServer();
    const left = new AbortController();
    const source = { type: 'git' as const, url: `${scheme}://127.0.0.1:${server.port}/a` };
    const cancelled = load(source, left.signal);
    await Promise.race([server.connected, cancelled]);
    left.abort();
    await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
  });
});

/** Accepts and says nothing. */
async function silentServer() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  const connected = once(server, 'connection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connected,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.resume();
      server.close();
      // Closes only when git is gone: that is what is proven.
      await once(server, 'close');
    },
  };
}
