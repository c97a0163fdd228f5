import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOfSession, openFiles } from '../helpers/files.ts';
import { rejection } from '../helpers/harness.ts';

describe('a file', () => {
  it('comes back byte for byte, with its parents made', async () => {
    await using fs = await filesOfSession();
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    const put = await fs.put('a/b/c.bin', bytes);
    expect(await put.json()).toEqual({ ok: true, size: 50_000 });
    const got = await fs.get('a/b/c.bin');
    expect(got.headers.get('content-type')).toBe('application/octet-stream');
    expect(got.headers.get('content-length')).toBe('50000');
    expect(await got.bytes()).toEqual(bytes);
  });

  it('is overwritten whole, also by nothing', async () => {
    await using fs = await filesOfSession();
    await fs.put('a', 'a long text');
    await fs.put('a', 'short');
    expect(await (await fs.get('a')).text()).toBe('short');
    await fs.put('a', '');
    expect(await (await fs.get('a')).text()).toBe('');
  });

  it('stays what it was when its upload breaks off, and leaves nothing else', async () => {
    await using fs = await filesOfSession();
    await fs.put('a', 'old');
    const broken = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('new')),
      pull: (controller) => controller.error(new Error('the client left')),
    });
    expect((await fs.put('a', broken)).status).toBe(500);
    expect(await (await fs.get('a')).text()).toBe('old');
    expect((await readdir(fs.workdir)).toSorted()).toEqual(['a', 'agent.yaml']);
  });

  it('keeps its permissions when it is overwritten', async () => {
    await using fs = await filesOfSession();
    await writeFile(join(fs.workdir, 'run.sh'), 'old', { mode: 0o755 });
    await fs.put('run.sh', 'new');
    expect((await stat(join(fs.workdir, 'run.sh'))).mode & 0o777).toBe(0o755);
  });

  it('is not written where something else than a file is', async () => {
    await using fs = await filesOfSession();
    const server = createServer().listen(join(fs.workdir, 'socket'));
    await once(server, 'listening');
    expect(await rejection(fs.put('socket', 'x'))).toEqual([400, 'VALIDATION']);
    expect(await rejection(fs.get('socket'))).toEqual([400, 'VALIDATION']);
    await new Promise((resolve) => server.close(resolve));
  });

  it('may be looked at without being opened for good', async () => {
    await using fs = await filesOfSession();
    await fs.put('a', 'text');
    const before = await openFiles();
    const head = await fs.head('a');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '4']);
    expect(await openFiles()).toBe(before);
  });

  it('is 404 where there is none, 400 where it is a folder or unnamed', async () => {
    await using fs = await filesOfSession();
    await mkdir(join(fs.workdir, 'folder'));
    await fs.put('file', 'x');
    expect(await rejection(fs.get('none'))).toEqual([404, 'NOT_FOUND']);
    expect(await rejection(fs.get('none/deeper'))).toEqual([404, 'NOT_FOUND']);
    expect(await rejection(fs.get('file/below'))).toEqual([404, 'NOT_FOUND']);
    expect(await rejection(fs.get('folder'))).toEqual([400, 'VALIDATION']);
    expect(await rejection(fs.put('folder', 'x'))).toEqual([400, 'VALIDATION']);
    expect(await rejection(fs.get(''))).toEqual([400, 'MISSING_PATH']);
    expect(await rejection(fs.noPath())).toEqual([400, 'MISSING_PATH']);
  });

  it('is deleted, a folder only when that is said, the working directory never', async () => {
    await using fs = await filesOfSession();
    await fs.put('folder/file', 'x');
    expect(await rejection(fs.delete('folder'))).toEqual([400, 'VALIDATION']);
    expect((await fs.delete('folder/file')).status).toBe(200);
    expect(await rejection(fs.delete('folder/file'))).toEqual([404, 'NOT_FOUND']);
    expect((await fs.delete('folder', '&recursive=true')).status).toBe(200);
    expect(await rejection(fs.delete('.', '&recursive=true'))).toEqual([400, 'VALIDATION']);
    expect(await rejection(fs.delete('a/..', '&recursive=true'))).toEqual([400, 'VALIDATION']);
    expect(await readdir(fs.workdir)).toEqual(['agent.yaml']);
  });
});

describe('the jail', () => {
  it('takes no path of more folders than it would open', async () => {
    await using fs = await filesOfSession();
    expect((await fs.put(`${'a/'.repeat(120)}f`, 'x')).status).toBe(200);
    expect(await rejection(fs.put(`${'a/'.repeat(3_000)}f`, 'x'))).toEqual([400, 'VALIDATION']);
  });

  it.each(['../secret', '/etc/passwd', 'a/../../secret', '..', ' ', 'a\0b', './../x'])(
    'keeps %j inside',
    async (path) => {
      await using fs = await filesOfSession();
      expect(await rejection(fs.get(path))).toEqual([400, 'PATH_ESCAPE']);
      expect(await rejection(fs.put(path, 'x'))).toEqual([400, 'PATH_ESCAPE']);
      expect(await rejection(fs.tree(path))).toEqual([400, 'PATH_ESCAPE']);
      expect(await rejection(fs.delete(path, '&recursive=true'))).toEqual([400, 'PATH_ESCAPE']);
    },
  );

  it('names the path that was tried', async () => {
    await using fs = await filesOfSession();
    expect(await (await fs.get('../x')).json()).toMatchObject({ error: { details: { attempted: '../x' } } });
  });

  it('follows no link out of it, neither to what is there nor to what is not', async () => {
    await using fs = await filesOfSession();
    await symlink(fs.outside, join(fs.workdir, 'folder'));
    await symlink(join(fs.outside, 'secret'), join(fs.workdir, 'file'));
    await symlink(join(fs.outside, 'not-there'), join(fs.workdir, 'dangling'));
    await symlink('loop', join(fs.workdir, 'loop'));
    await symlink(`../../../../${fs.outside}`, join(fs.workdir, 'relative'));
    await mkdir(join(fs.workdir, 'inner'));
    await symlink('../folder', join(fs.workdir, 'inner/chain'));
    for (const path of [
      'folder/secret',
      'file',
      'folder/new',
      'folder/new/deeper',
      'dangling',
      'loop',
      'relative/secret',
      'inner/chain/secret',
    ]) {
      expect([path, ...(await rejection(fs.get(path)))]).toEqual([path, 400, 'PATH_ESCAPE']);
      expect([path, ...(await rejection(fs.put(path, 'x')))]).toEqual([path, 400, 'PATH_ESCAPE']);
    }
    expect(await rejection(fs.delete('folder/secret'))).toEqual([400, 'PATH_ESCAPE']);
    expect(await rejection(fs.tree('folder'))).toEqual([400, 'PATH_ESCAPE']);
    expect(await readdir(fs.outside)).toEqual(['secret']);
    expect(await readFile(join(fs.outside, 'secret'), 'utf8')).toBe('secret');
  });

  it('deletes a link, not what it points to', async () => {
    await using fs = await filesOfSession();
    await symlink(join(fs.outside, 'secret'), join(fs.workdir, 'link'));
    expect((await fs.delete('link')).status).toBe(200);
    expect(await readdir(fs.outside)).toEqual(['secret']);
    expect(await readdir(fs.workdir)).toEqual(['agent.yaml']);
  });

  it('follows a link that stays inside', async () => {
    await using fs = await filesOfSession();
    await fs.put('real/file', 'text');
    await symlink('real', join(fs.workdir, 'link'));
    expect(await (await fs.get('link/file')).text()).toBe('text');
    expect((await fs.put('link/new', 'x')).status).toBe(200);
    expect((await readdir(join(fs.workdir, 'real'))).toSorted()).toEqual(['file', 'new']);
  });
});

describe('a link that stays inside', () => {
  it('may point up, from the root, or to what is not there yet', async () => {
    await using fs = await filesOfSession();
    await fs.put('a/file', 'text');
    await fs.put('b/c/d', 'x');
    await symlink('../../a', join(fs.workdir, 'b/c/up'));
    await symlink(join(fs.workdir, 'a'), join(fs.workdir, 'absolute'));
    await symlink('a/new', join(fs.workdir, 'later'));
    expect(await (await fs.get('b/c/up/file')).text()).toBe('text');
    expect(await (await fs.get('absolute/file')).text()).toBe('text');
    expect(await rejection(fs.get('later'))).toEqual([404, 'NOT_FOUND']);
    await fs.put('later', 'now');
    expect(await readFile(join(fs.workdir, 'a/new'), 'utf8')).toBe('now');
  });
});

describe('the tree', () => {
  it('lists parents before children, as deep as asked', async () => {
    await using fs = await filesOfSession();
    await fs.put('a/b/c/d', 'four');
    await symlink('nowhere', join(fs.workdir, 'dangling'));
    const paths = async (more: string) => {
      const { entries } = (await (await fs.tree('.', more)).json()) as {
        entries: { path: string; type: string }[];
      };
      return entries.map(({ path, type }) => `${type} ${path}`).toSorted();
    };
    expect(await paths('&depth=0')).toEqual(['dir a', 'file agent.yaml', 'file dangling']);
    expect(await paths('')).toEqual(['dir a', 'dir a/b', 'file agent.yaml', 'file dangling']);
    expect(await paths('&depth=x')).toEqual(await paths('&depth=1'));
    expect(await paths('&depth=99')).toContain('file a/b/c/d');
  });

  it('has paths relative to the folder asked for, sizes and times', async () => {
    await using fs = await filesOfSession();
    await fs.put('a/b/c', 'four');
    const { entries } = (await (await fs.tree('a/b')).json()) as { entries: unknown[] };
    expect(entries).toEqual([
      { path: 'c', type: 'file', size: 4, mtime: expect.any(Number), mode: expect.any(Number) },
    ]);
    await expect((await fs.tree('.')).json()).resolves.not.toHaveProperty('truncated');
    expect(await rejection(fs.tree('none'))).toEqual([404, 'NOT_FOUND']);
    expect(await rejection(fs.tree('a/b/c'))).toEqual([400, 'VALIDATION']);
  });
});
