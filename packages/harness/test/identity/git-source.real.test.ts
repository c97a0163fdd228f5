import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { gitAgentProtocolLoader } from '../../src/identity/gitagentprotocol.ts';
import { repository, startGitServer, writeFiles } from '../helpers/git-server.ts';
import { type IdentityFolder, identityFolder } from '../helpers/identity-folder.ts';

let folder: string;
let workdir: string;
let load: IdentityFolder['load'];
beforeEach(async () => {
  ({ folder, workdir, load } = await identityFolder());
});
const MANIFEST = 'name: writer\nversion: 1.0.0\n';

describe('an agent from git', () => {
  it('is cloned at its newest commit, at a tag, and at a commit', async () => {
    const { url, first, second } = await repository(join(folder, 'repository'), {
      'agent.yaml': MANIFEST,
      'SOUL.md': 'first',
    });
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

  it('may be in a folder of its repository, which is then all of it', async () => {
    const files = { 'agents/a/agent.yaml': MANIFEST, 'agents/a/data.txt': '', 'other.txt': '' };
    const { url, second } = await repository(join(folder, 'repository'), files);
    const identity = await load({ type: 'git', url, subdir: 'agents/a' });
    expect(identity).toMatchObject({ name: 'writer', sha: second });
    expect((await readdir(workdir)).toSorted()).toEqual(['agent.yaml', 'data.txt']);
    const missing = load({ type: 'git', url, subdir: 'none' });
    await expect(missing).rejects.toMatchObject({ code: 'VALIDATION', status: 400 });
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

  it('may be put where an earlier session was', async () => {
    const { url } = await repository(join(folder, 'repository'), { 'agent.yaml': MANIFEST, 'SOUL.md': '' });
    await load({ type: 'git', url });
    await writeFiles({ 'SOUL.md': 'of the session', 'result.txt': 'kept' }, workdir);
    await load({ type: 'git', url });
    expect(await readFile(join(workdir, 'SOUL.md'), 'utf8')).toBe('changed');
    expect(await readFile(join(workdir, 'result.txt'), 'utf8')).toBe('kept');
  });

  it('is cloned from a private host, with a token that is nowhere to be found afterwards', async () => {
    const { second, first } = await repository(join(folder, 'private'), {
      'agent.yaml': MANIFEST,
      'SOUL.md': '',
    });
    const token = 'ghp_secret-token';
    await using server = await startGitServer(folder, { user: 'x-access-token', password: token });
    const url = `${server.origin}/private/.git`;
    expect(await load({ type: 'git', url }, undefined, { GIT_TOKEN: token })).toMatchObject({ sha: second });
    expect(await filesWith(token, workdir)).toEqual([]);
    expect(await readFile(join(workdir, '.git/config'), 'utf8')).toContain(`url = ${url}`);
    const pinned = load({ type: 'git', url, ref: first }, undefined, { GIT_TOKEN: token });
    expect(await pinned).toMatchObject({ sha: first });
  });

  it('is cloned with the login in its URL, which is not kept either', async () => {
    await repository(join(folder, 'private'), { 'agent.yaml': MANIFEST });
    await using server = await startGitServer(folder, { user: 'me', password: 'hunter2 %' });
    const url = `${server.origin.replace('//', '//me:hunter2%20%25@')}/private/.git`;
    expect(await load({ type: 'git', url })).toMatchObject({ name: 'writer' });
    expect(server.refused.length).toBeGreaterThan(0);
    expect(await filesWith('hunter2', workdir)).toEqual([]);
  });

  it('is refused without its token, with a wrong one, and without saying it', async () => {
    await repository(join(folder, 'private'), { 'agent.yaml': MANIFEST });
    await using server = await startGitServer(folder, { password: 'right' });
    const url = `${server.origin}/private/.git`;
    await expect(load({ type: 'git', url })).rejects.toMatchObject({ code: 'VALIDATION', status: 400 });
    const error = await load({ type: 'git', url }, undefined, { GIT_TOKEN: 'wrong-token' }).catch(String);
    expect(error).toContain('failed');
    expect(error).not.toContain('wrong-token');
    expect(await readdir(workdir)).toEqual([]);
  });

  it('shows no other host the token of GitHub', async () => {
    await repository(join(folder, 'private'), { 'agent.yaml': MANIFEST });
    await using server = await startGitServer(folder, { password: 'right' });
    const url = `${server.origin}/private/.git`;
    const asked = load({ type: 'git', url }, undefined, { GITHUB_TOKEN: 'right' });
    await expect(asked).rejects.toMatchObject({ code: 'VALIDATION' });
  });

  it.each(['git', 'http'])('is given up at its deadline, over %s', async (scheme) => {
    await using server = await silentServer();
    const source = { type: 'git' as const, url: `${scheme}://127.0.0.1:${server.port}/a` };
    const late = gitAgentProtocolLoader({ cloneTimeoutMs: 100 }).load(
      source,
      workdir,
      new AbortController().signal,
    );
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

/** Files below a folder that hold a text. */
async function filesWith(text: string, at: string): Promise<string[]> {
  const names = await readdir(at, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
  const found = await Promise.all(files.map(async (path) => (await readFile(path)).includes(text)));
  return files.filter((_, index) => found[index]);
}
