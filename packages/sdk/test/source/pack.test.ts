import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveSource } from '../../src/source/source.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdk-source-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function put(path: string, content: string | Uint8Array = '', mode?: number): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  if (mode !== undefined) await chmod(file, mode);
}

const pack = (options: { maxBytes?: number; needsManifest?: boolean } = {}) =>
  resolveSource({ type: 'local', path: folder }, { needsManifest: true, ...options });

describe('a folder of this machine', () => {
  it('is sent as text where it is text, and otherwise byte for byte with its permission bits', async () => {
    await put('agent.yaml', 'name: a\n');
    await put('skills/x/SKILL.md', '\ufeffgrüß');
    await put('skills/x/run.sh', '#!/bin/sh\n', 0o700);
    await put('logo.png', new Uint8Array([0x89, 0x50, 0, 0xff]));
    await put('latin1.txt', new Uint8Array([0xe9]));
    const { source, attachments } = await pack();
    expect(source).toEqual({
      type: 'inline',
      manifest: {},
      files: {
        'agent.yaml': 'name: a\n',
        'skills/x/SKILL.md': '\ufeffgrüß',
        'skills/x/run.sh': '#!/bin/sh\n',
      },
    });
    expect(attachments).toEqual([
      { path: 'latin1.txt', content: '6Q==', encoding: 'base64', mode: 0o644 },
      { path: 'logo.png', content: 'iVAA/w==', encoding: 'base64', mode: 0o644 },
      { path: 'skills/x/run.sh', content: 'IyEvYmluL3NoCg==', encoding: 'base64', mode: 0o755 },
    ]);
  });

  it('is sent without its history and what is installed', async () => {
    await put('agent.yaml');
    await put('.git/config', 'token');
    await put('tools/node_modules/x/index.js');
    await put('.gitignore', 'x');
    const { source } = await pack();
    expect(Object.keys((source as { files: object }).files)).toEqual(['.gitignore', 'agent.yaml']);
  });

  it('has links followed inside of it', async () => {
    await put('agent.yaml');
    await put('shared/a.txt', 'a');
    await symlink('shared', join(folder, 'linked'));
    await symlink('shared/a.txt', join(folder, 'b.txt'));
    const { source } = await pack();
    expect(source).toMatchObject({ files: { 'b.txt': 'a', 'linked/a.txt': 'a', 'shared/a.txt': 'a' } });
  });

  it.each([
    ['out of it', '/etc/hostname', 'a link out of'],
    ['to a neighbour with the same beginning', '../x', 'leads nowhere'],
    ['to nothing', 'nothing', 'leads nowhere'],
    ['to a folder that it is in', '.', 'that it is in'],
  ])('with a link %s is refused, and says which', async (_, target, message) => {
    await put('agent.yaml');
    await symlink(target, join(folder, 'evil'));
    await expect(pack()).rejects.toMatchObject({
      code: 'SOURCE_LINK',
      message: expect.stringContaining(message),
    });
    await expect(pack()).rejects.toThrow('evil');
  });

  it('whose name another begins with does not lend it its name', async () => {
    await put('in/agent.yaml');
    await put('inside/secret');
    await symlink('../inside/secret', join(folder, 'in/link'));
    const source = { type: 'local', path: join(folder, 'in') } as const;
    await expect(resolveSource(source, { needsManifest: true })).rejects.toMatchObject({
      code: 'SOURCE_LINK',
    });
  });

  it('that is too large is refused before it is read, and says what is large', async () => {
    await put('agent.yaml', 'x');
    await put('data/big', 'x'.repeat(2000));
    await expect(pack({ maxBytes: 1000 })).rejects.toMatchObject({
      code: 'SOURCE_TOO_LARGE',
      message: expect.stringMatching(/data alone has/),
    });
    expect(await pack({ maxBytes: 2001 })).toBeDefined();
  });

  it('that is no agent is refused, unless its loader knows better', async () => {
    await put('other.toml');
    await expect(pack()).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
    expect((await pack({ needsManifest: false })).source).toMatchObject({ files: { 'other.toml': '' } });
  });

  it('with something that is no file is refused', async () => {
    await put('agent.yaml');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'sock'), resolve));
    try {
      await expect(pack()).rejects.toMatchObject({
        code: 'SOURCE_UNREADABLE',
        message: expect.stringMatching(/^sock/),
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('a source', () => {
  const options = { needsManifest: true };

  it('that is a git URL or inline is sent as it is', async () => {
    const inline = { type: 'inline', manifest: { name: 'n' } } as const;
    expect(await resolveSource(inline, options)).toEqual({ source: inline, attachments: [] });
    const url = 'github.com/org/agent';
    expect((await resolveSource(url, options)).source).toEqual({ type: 'git', url });
  });

  it.each([['./no/such'], ['../no/such'], [{ type: 'local', path: '/no/such', on: 'host' } as const]])(
    'that is missing on this machine is said to be: %j',
    async (source) => {
      await expect(resolveSource(source, options)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    },
  );

  it('that is a file is no folder', async () => {
    await put('file');
    await expect(resolveSource(join(folder, 'file'), options)).rejects.toThrow('is not a folder');
  });

  it('that only the harness has is left to it, and one that both have where that is said', async () => {
    const elsewhere = { source: { type: 'local', path: '/no/such' }, attachments: [] };
    expect(await resolveSource('/no/such', options)).toEqual(elsewhere);
    const both = { type: 'local', path: folder, on: 'harness' } as const;
    expect(await resolveSource(both, options)).toEqual({
      source: { type: 'local', path: folder },
      attachments: [],
    });
  });

  it('may be in the home folder', async () => {
    vi.stubEnv('HOME', folder);
    await put('agents/one/agent.yaml', 'name: one');
    expect((await resolveSource('~/agents/one', options)).source).toMatchObject({
      files: { 'agent.yaml': 'name: one' },
    });
  });
});
